"""Makes an action of a tool."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from langchain_core.tools import StructuredTool
from modulex_integrations.schema import ActionDefinition
from pydantic import BaseModel

from modulex_mem0.contract import Action, ActionInput, Context, Hints
from modulex_mem0.hosts.modulex_tools.failures import http_failures
from modulex_mem0.hosts.modulex_tools.injection import Injection
from modulex_mem0.hosts.modulex_tools.inputs import input_model
from modulex_mem0.hosts.modulex_tools.outputs import output_shape
from modulex_mem0.hosts.modulex_tools.schemes import HostedScheme

__all__ = ["hosted_action"]

# ModuleX says nothing of how an action behaves, so the worst is assumed: it may delete, and whose data it reaches is
# unknown. Nor is any call repeated.
_UNKNOWN = Hints(destructive=True, cross_user=True)


def hosted_action(
    definition: ActionDefinition, tool: StructuredTool, schemes: Iterable[HostedScheme]
) -> Action[Any, Any]:
    """The action of a tool.

    Args:
        definition: From ModuleX's manifest.
        tool: Of that name.
        schemes: Of its integration.

    Raises:
        TypeError: The tool does not tell what it takes or returns.
    """
    arguments = tool.args_schema
    if not (isinstance(arguments, type) and issubclass(arguments, BaseModel)):
        raise TypeError(f"the action {definition.name} does not tell its input: its args_schema is no pydantic model")
    if tool.coroutine is None:
        raise TypeError(f"the action {definition.name} is not asynchronous")
    function: Callable[..., Awaitable[Any]] = tool.coroutine
    injection = Injection(arguments, schemes)

    async def handler(context: Context, input: ActionInput) -> Any:  # noqa: ANN401 - checked by the runtime
        passed = {name: getattr(input, name) for name in input.model_fields_set}
        checked = arguments.model_validate(passed | injection.arguments(context))
        with http_failures():
            # Not through the tool itself, which would show the credential to LangChain's callbacks and traces.
            return await function(**{name: getattr(checked, name) for name in arguments.model_fields})

    return Action(
        name=definition.name,
        title=definition.name.replace("_", " ").capitalize(),
        description=definition.description,
        input=input_model(arguments, injection.names, definition.parameters),
        output=output_shape(tool),
        handler=handler,
        hints=_UNKNOWN,
    )
