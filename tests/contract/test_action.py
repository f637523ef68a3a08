"""The `action` decorator: what it takes from a function, and which functions it refuses."""

from functools import partial
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import BaseModel

from modulex_mem0.contract import Action, ActionInput, ActionOutput, Context, Example, FollowUp, Hints, action


class Input(ActionInput):
    a: int = 1


class Output(ActionOutput):
    b: int = 1


def test_an_action_is_made_of_its_function() -> None:
    @action(title="Do it", idempotent=True)
    async def do_it(context: Context, input: Input) -> Output:
        """Do it,
        and well.

        The rest is for the reader of the code.
        """
        return Output(success=True)

    assert (do_it.name, do_it.title, do_it.description) == ("do_it", "Do it", "Do it, and well.")
    assert (do_it.input, do_it.output) == (Input, Output)
    assert (do_it.hints.idempotent, do_it.hints.read_only) == (True, False)
    described = do_it.describe()
    assert described.input_schema["properties"]["a"]["type"] == "integer"
    assert described.output_schema["required"] == ["success"]


def test_an_action_promises_nothing_that_it_does_not_declare() -> None:
    @action(title="Do it")
    async def do_it(context: Context, input: Input) -> Output:
        """Do it."""
        return Output(success=True)

    assert do_it.hints == Hints(read_only=False, idempotent=False, destructive=False, cross_user=False)
    assert (do_it.example, do_it.extra_timeout, do_it.follow_up) == (None, None, None)


@pytest.mark.parametrize("hint", ["read_only", "idempotent", "destructive", "cross_user"])
def test_an_action_shows_the_hint_that_it_declares(hint: str) -> None:
    async def do_it(context: Context, input: Input) -> Output:
        """Do it."""
        return Output(success=True)

    hints: dict[str, Any] = {hint: True}
    declared: Any = action(title="Do it", **hints)(do_it)
    assert declared.describe().hints == Hints(**hints)
    assert declared.handler is do_it


def test_an_action_keeps_all_that_it_declares() -> None:
    example = Example(input={"a": 1}, output={"success": True, "b": 2})
    follow_up = FollowUp(action="state", input={"job": "{b}"}, when={"status": ("PENDING",)})

    @action(title="Do it", example=example, extra_timeout=lambda asked: asked.a, follow_up=follow_up)
    async def do_it(context: Context, input: Input) -> Output:
        """Do it."""
        return Output(success=True)

    assert do_it.extra_timeout is not None
    assert do_it.extra_timeout(Input(a=3)) == 3
    described = do_it.describe()
    assert (described.name, described.title, described.description) == ("do_it", "Do it", "Do it.")
    assert (described.example, described.follow_up) == (example, follow_up)


def test_an_action_may_be_declared_with_bare_schemas() -> None:
    async def do_it(context: Context, input: dict[str, Any]) -> dict[str, Any]:
        return {"success": True}

    taken: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}}
    given: dict[str, Any] = {"type": "object", "properties": {"success": {"type": "boolean"}}}
    declared = Action(
        name="do_it", title="Do it", description="Do it.", input=taken, output=MappingProxyType(given), handler=do_it
    )
    described = declared.describe()
    assert (described.input_schema, described.output_schema) == (taken, given)
    assert described.hints == Hints()


def _not_async(context: Context, input: Input) -> Output:
    """Do it."""
    return Output(success=True)


async def _undocumented(context: Context, input: Input) -> Output:
    return Output(success=True)


async def _blank(context: Context, input: Input) -> Output:
    """ """
    return Output(success=True)


async def _no_return(context: Context, input: Input):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """Do it."""


async def _no_input(context: Context, input) -> Output:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Do it."""
    return Output(success=True)


async def _dict_input(context: Context, input: dict[str, Any]) -> Output:
    """Do it."""
    return Output(success=True)


async def _dict_output(context: Context, input: Input) -> dict[str, Any]:
    """Do it."""
    return {}


async def _only_context(context: Context) -> Output:
    """Do it."""
    return Output(success=True)


async def _three(context: Context, input: Input, more: Input) -> Output:
    """Do it."""
    return Output(success=True)


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (_not_async, "async"),
        (_undocumented, "docstring"),
        (_blank, "docstring"),
        (_no_return, "annotate"),
        (_no_input, "annotate"),
        (_dict_input, "annotate"),
        (_dict_output, "annotate"),
        (_only_context, "annotate"),
        (_three, "annotate"),
    ],
)
def test_a_function_that_cannot_be_an_action_is_refused_by_name(handler: Any, reason: str) -> None:
    with pytest.raises(TypeError, match=f"action {handler.__name__}: .*{reason}"):
        action(title="Do it")(handler)


def test_a_handler_without_a_name_is_refused_by_what_it_is() -> None:
    handler: Any = partial(_not_async)
    with pytest.raises(TypeError, match=r"action functools\.partial\(<function _not_async.*: .*async"):
        action(title="Do it")(handler)


def test_contradictory_hints_are_refused() -> None:
    async def both(context: Context, input: Input) -> Output:
        """Do it."""
        return Output(success=True)

    with pytest.raises(ValueError, match="read_only and destructive"):
        action(title="Do it", read_only=True, destructive=True)(both)


def test_models_may_have_other_bases() -> None:
    class Loose(BaseModel):
        success: bool
        error: str | None = None

    async def loose(context: Context, input: Loose) -> Loose:
        """Do it."""
        return input

    declared: Any = action(title="Loose")(loose)
    assert declared.describe().input_schema["required"] == ["success"]
