"""The LangChain tool through which ModuleX calls an action."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Any, Self

from langchain_core.tools import InjectedToolArg, StructuredTool
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from modulex_mem0.contract import Action, ActionManifest, CredentialField, Integration
from modulex_mem0.json_schema import simplify
from modulex_mem0.runtime import Runtime, RuntimeUsageError

__all__ = ["structured_tool"]

# LangChain withholds arguments that are marked so from callbacks and traces, which would otherwise receive the key.
_Injected = Annotated[str, InjectedToolArg]
_OptionalInjected = Annotated[str | None, InjectedToolArg]


def structured_tool(runtime: Runtime, integration: Integration, action: Action[Any, Any]) -> StructuredTool:
    """The tool of an action. It is async, never raises, and returns a dict that `json.dumps` accepts."""
    fields = [field for scheme in integration.profile.auth_schemes for field in scheme.fields]
    model = _arguments_model(action.describe(), fields)
    function = _function(runtime, integration, action, fields)
    _set_signature(function, action, model, fields)
    return StructuredTool(name=action.name, description=action.description, args_schema=model, coroutine=function)


class _Arguments(BaseModel):
    """Declares a tool's arguments and passes them on unchecked: the runtime checks them and returns the reason.

    A missing argument stays missing, since a null can mean something else. An unknown one is passed on too, so that a
    misspelt parameter is refused and not ignored.
    """

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    @classmethod
    def model_validate(cls, obj: Any, *_: Any, **__: Any) -> Self:  # noqa: ANN401 - as in the base class
        """Take the arguments as they are."""
        return super().model_construct(**obj)

    def model_dump(self, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401 - as in the base class
        """The arguments that were passed."""
        return {name: getattr(self, name) for name in (*self.model_fields_set, *(self.model_extra or {}))}


def _arguments_model(action: ActionManifest, credential_fields: Iterable[CredentialField]) -> type[_Arguments]:
    """The model of an action's parameters and of the credential's fields, which ModuleX injects."""
    schema = simplify(action.input_schema)
    required = schema.get("required", ())
    fields: dict[str, Any] = {
        name: _field(value, required=name in required) for name, value in schema["properties"].items()
    }
    for field in credential_fields:
        description = f"{field.display_name} (provided by the credential)"
        fields[field.name] = _field({"type": "string", "description": description}, required=field.required)
    title = f"{action.name.title().replace('_', '')}Input"
    return create_model(title, __base__=_Arguments, __doc__=action.description, **fields)


def _field(schema: Mapping[str, Any], *, required: bool) -> tuple[Any, Any]:
    shown = {name: value for name, value in schema.items() if name != "default"}
    default = ... if required else schema.get("default")
    return Annotated[Any, WithJsonSchema(shown)], Field(default=default, description=schema.get("description"))


def _function(
    runtime: Runtime, integration: Integration, action: Action[Any, Any], fields: Iterable[CredentialField]
) -> Callable[..., Awaitable[dict[str, Any]]]:
    credential_names = frozenset(field.name for field in fields)

    async def call(**arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the host passes
        # A mapping even if nothing was injected: the environment is the host's and holds no caller's key.
        credential = {name: arguments.pop(name) for name in credential_names & arguments.keys()}
        try:
            return (await runtime.call(integration.name, action.name, arguments, credential=credential)).output
        except RuntimeUsageError as error:
            return {"success": False, "error": f"internal: {error}"}

    return call


def _set_signature(
    function: Callable[..., Awaitable[dict[str, Any]]],
    action: Action[Any, Any],
    model: type[_Arguments],
    fields: Iterable[CredentialField],
) -> None:
    """Give the function the signature in which ModuleX reads what to inject and what is returned."""
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
