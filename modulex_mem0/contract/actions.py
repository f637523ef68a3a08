"""The declaration of an action: an input model, an output model, an async handler, and what a host must know."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from inspect import cleandoc, iscoroutinefunction
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic import BaseModel

from modulex_mem0.contract.context import Context
from modulex_mem0.contract.manifest import ActionManifest, Example, FollowUp, Hints
from modulex_mem0.contract.models import input_schema, output_schema

__all__ = ["Action", "action"]

InputT = TypeVar("InputT")
OutputT = TypeVar("OutputT")
ModelOrSchema = type[BaseModel] | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Action(Generic[InputT, OutputT]):
    """One action of an integration.

    Attributes:
        name: The name to call it by.
        title: A short name for people.
        description: One sentence for people.
        input: A pydantic model, or a bare JSON Schema (then the handler receives a dict).
        output: A pydantic model, or a bare JSON Schema (then the handler returns a dict). Either way an object with
            `success` and `error`, valid with nothing else.
        handler: Does the work; raises `ActionError` to fail. What it returns is no longer its own: the runtime may pass
            it on without a copy, and the caller may change it.
        hints: How it behaves.
        example: An input that works and an output that it may give.
        extra_timeout: Seconds, computed from the input, that a call may take beyond the runtime's deadline because its
            caller asked it to wait.
        follow_up: How to follow work that the output reports as accepted but not finished.
    """

    name: str
    title: str
    description: str
    input: ModelOrSchema
    output: ModelOrSchema
    handler: Callable[[Context, InputT], Awaitable[OutputT]]
    hints: Hints = field(default_factory=Hints)
    example: Example | None = None
    extra_timeout: Callable[[InputT], float] | None = None
    follow_up: FollowUp | None = None

    def describe(self) -> ActionManifest:
        """The action as data."""
        return ActionManifest(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=input_schema(self.input) if isinstance(self.input, type) else dict(self.input),
            output_schema=output_schema(self.output) if isinstance(self.output, type) else dict(self.output),
            hints=self.hints,
            example=self.example,
            follow_up=self.follow_up,
        )


def action(
    *,
    title: str,
    read_only: bool = False,
    idempotent: bool = False,
    destructive: bool = False,
    cross_user: bool = False,
    example: Example | None = None,
    extra_timeout: Callable[[Any], float] | None = None,
    follow_up: FollowUp | None = None,
) -> Callable[[Callable[[Context, InputT], Awaitable[OutputT]]], Action[InputT, OutputT]]:
    """Declare an async function as an action.

    The function's name becomes the action's name, the first paragraph of its docstring the description, and the
    annotations of its second parameter and of its return value the input and output models.

    Raises:
        TypeError: The function is not async, lacks a docstring, or its annotations are not pydantic models.
    """

    def declare(handler: Callable[[Context, InputT], Awaitable[OutputT]]) -> Action[InputT, OutputT]:
        name = getattr(handler, "__name__", repr(handler))
        if not iscoroutinefunction(handler):
            raise TypeError(f"action {name}: the handler must be an async function")
        description = cleandoc(handler.__doc__ or "")
        if not description:
            raise TypeError(f"action {name}: the handler needs a docstring, which is the action's description")
        types = get_type_hints(handler)
        output = types.pop("return", None)
        models = [*types.values(), output]
        if len(models) != 3 or not all(isinstance(m, type) and issubclass(m, BaseModel) for m in models[1:]):
            raise TypeError(f"action {name}: annotate the handler as (context: Context, input: Model) -> Model")
        return Action(
            name=name,
            title=title,
            description=" ".join(description.split("\n\n")[0].split()),
            input=models[1],
            output=models[2],
            handler=handler,
            hints=Hints(read_only=read_only, idempotent=idempotent, destructive=destructive, cross_user=cross_user),
            example=example,
            extra_timeout=extra_timeout,
            follow_up=follow_up,
        )

    return declare
