"""Makes the LangChain tool through which ModuleX calls an action."""

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

from langchain_core.tools import InjectedToolArg, StructuredTool

from modulex_mem0.contract import Action, CredentialField, Integration
from modulex_mem0.hosts.modulex.arguments import Arguments, arguments_model
from modulex_mem0.runtime import Runtime, RuntimeUsageError

__all__ = ["structured_tool"]

# LangChain keeps what is so marked from callbacks and traces, which would otherwise receive the key.
_Injected = Annotated[str, InjectedToolArg]
_OptionalInjected = Annotated[str | None, InjectedToolArg]


def structured_tool(runtime: Runtime, integration: Integration, action: Action[Any, Any]) -> StructuredTool:
    """The tool of an action: async, never raising, and answering with a dict that survives `json.dumps`."""
    fields = [field for scheme in integration.profile.auth_schemes for field in scheme.fields]
    title = f"{action.name.title().replace('_', '')}Input"
    model = arguments_model(title, action.describe(), fields)
    return StructuredTool(
        name=action.name,
        description=action.description,
        args_schema=model,
        coroutine=_shown_as(_function(runtime, integration, action, fields), action, model, fields),
    )


def _function(
    runtime: Runtime, integration: Integration, action: Action[Any, Any], fields: Iterable[CredentialField]
) -> Callable[..., Awaitable[dict[str, Any]]]:
    credential_names = frozenset(field.name for field in fields)

    async def call(**arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the host passes
        # A mapping even where nothing was injected: the environment is the host's, and holds no caller's key.
        credential = {name: arguments.pop(name) for name in credential_names & arguments.keys()}
        try:
            return (await runtime.call(integration.name, action.name, arguments, credential=credential)).output
        except RuntimeUsageError as error:
            return {"success": False, "error": f"internal: {error}"}

    return call


def _shown_as(
    function: Callable[..., Awaitable[dict[str, Any]]],
    action: Action[Any, Any],
    model: type[Arguments],
    fields: Iterable[CredentialField],
) -> Callable[..., Awaitable[dict[str, Any]]]:
    """The function with the signature of a written one, where ModuleX reads what to inject and what is returned."""
    annotations: dict[str, Any] = dict.fromkeys(model.model_fields, Any)
    annotations |= {field.name: _Injected if field.required else _OptionalInjected for field in fields}
    returned = action.output if isinstance(action.output, type) else dict[str, Any]
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.is_required() else field.default,
            annotation=annotations[name],
        )
        for name, field in model.model_fields.items()
    ]
    function.__name__ = function.__qualname__ = action.name
    function.__doc__ = action.description
    function.__annotations__ = {**annotations, "return": returned}
    function.__signature__ = inspect.Signature(parameters, return_annotation=returned)  # type: ignore[attr-defined]
    return function
