"""Actions made of ModuleX's tools: their input, their output, and the credential that they receive as arguments."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, cast, get_type_hints

import httpx
from langchain_core.tools import StructuredTool
from modulex_integrations.schema import ActionDefinition, ParameterDef
from pydantic import BaseModel, Field, SecretStr, ValidationError, create_model
from pydantic.fields import FieldInfo

from modulex_mem0.contract import Action, ActionInput, ActionOutput, Context, Hints
from modulex_mem0.hosts.modulex_tools.schemes import HostedScheme
from modulex_mem0.runtime import error_from_httpx

__all__ = ["hosted_action"]

# ModuleX declares nothing of how an action behaves, so the worst is assumed: it may delete, it may reach any user's
# data, and it must not be repeated.
_UNKNOWN = Hints(destructive=True, cross_user=True)
_TOGETHER: tuple[str, ...] = ("auth_type", "auth_data")


def hosted_action(
    definition: ActionDefinition, tool: StructuredTool, schemes: Iterable[HostedScheme]
) -> Action[Any, Any]:
    """The action of a tool.

    Args:
        definition: The action in ModuleX's manifest.
        tool: The tool of that name, which is asynchronous.
        schemes: The integration's schemes.

    Raises:
        TypeError: The tool does not declare what it takes or returns.
    """
    arguments = tool.args_schema
    if not (isinstance(arguments, type) and issubclass(arguments, BaseModel)):
        raise TypeError(f"the action {definition.name} does not declare its input: its args_schema is not a model")
    function = cast("Callable[..., Awaitable[Any]]", tool.coroutine)
    injection = _Injection(arguments, schemes)

    async def handler(context: Context, input: ActionInput) -> Any:  # noqa: ANN401 - checked by the runtime
        passed = {name: getattr(input, name) for name in input.model_fields_set}
        checked = arguments.model_validate(passed | injection.arguments(context))
        try:
            # Not through the tool itself, which would show the credential to LangChain's callbacks and traces.
            return await function(**{name: getattr(checked, name) for name in arguments.model_fields})
        except httpx.HTTPError as error:
            raise error_from_httpx(error) from None

    return Action(
        name=definition.name,
        title=definition.name.replace("_", " ").capitalize(),
        description=definition.description,
        input=_input_model(arguments, injection.names, definition.parameters),
        output=_output_shape(tool),
        handler=handler,
        hints=_UNKNOWN,
    )


class _Injection:
    """The arguments of a tool that hold the credential, as ModuleX's executor passes it.

    A tool takes it in one of two ways: as `auth_type` and `auth_data`, a mapping of all values; or value by value, in
    `api_key` and other arguments that have the name of a value.

    Attributes:
        names: The names of these arguments.
    """

    def __init__(self, arguments: type[BaseModel], schemes: Iterable[HostedScheme]) -> None:
        self._schemes = tuple(schemes)
        injected = [name for name in _TOGETHER if name in arguments.model_fields]
        if not injected:
            values = {"api_key", *(name for hosted in self._schemes for name in hosted.fields)}
            injected = [name for name in arguments.model_fields if name in values]
        self.names = frozenset(injected)
        self._required = [name for name in injected if arguments.model_fields[name].is_required()]

    def arguments(self, context: Context) -> dict[str, Any]:
        """The arguments of one call, with secrets in plain text for the tool."""
        # A tool that receives an empty key reports that itself.
        missing: dict[str, Any] = dict.fromkeys(self._required, "")
        hosted = next((h for h in self._schemes if context.scheme and h.scheme.type == context.scheme.type), None)
        values = _plain_values(context.credential, hosted.fields if hosted else {})
        given = {"auth_type": hosted.auth_type if hosted else "", "auth_data": values, **values}
        return missing | {name: given[name] for name in self.names if name in given}


def _plain_values(credential: Mapping[str, str | SecretStr], fields: Mapping[str, str]) -> dict[str, str]:
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in credential.items()
    }
    return {name: plain[field] for name, field in fields.items() if field in plain}


def _input_model(
    arguments: type[BaseModel], injected: frozenset[str], described: Mapping[str, ParameterDef]
) -> type[ActionInput]:
    """The model of what a caller passes: closed, and without what is injected.

    Names, types, defaults and required parameters are the tool's own, since the tool is what runs. ModuleX's manifest,
    which differs from it in places, gives the descriptions.
    """
    fields: dict[str, Any] = {
        name: _copy(field, described.get(name))
        for name, field in arguments.model_fields.items()
        if name not in injected
    }
    return create_model(arguments.__name__, __base__=ActionInput, **fields)


def _copy(field: FieldInfo, described: ParameterDef | None) -> tuple[Any, Any]:
    """A field of the same type under its own name, as the manifest has it, without an alias."""
    description = (described.description if described else None) or field.description
    # The constraints stay with the type.
    kind = field.rebuild_annotation()
    if field.is_required():
        return kind, Field(title=field.title, description=description)
    if field.default_factory is not None:
        return kind, Field(default_factory=field.default_factory, title=field.title, description=description)
    return kind, Field(default=field.default, title=field.title, description=description)


def _output_shape(tool: StructuredTool) -> type[BaseModel] | dict[str, Any]:
    """The tool's own output model, if it can express a failure.

    Some tools raise instead. Their model gets an `error`, and its required fields become optional, since a failed call
    has none of them. A model that serialises a field under another name than it validates is replaced by its schema,
    because tools return the names in the schema.

    Raises:
        TypeError: The tool does not declare what it returns.
    """
    model = get_type_hints(tool.coroutine).get("return")
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"the action {tool.name} does not declare its output: its return annotation is not a model")
    model = model if _can_fail(model) else _with_failures(model)
    schema = model.model_json_schema()
    return model if _names(schema) == _names(model.model_json_schema(mode="serialization")) else schema


def _can_fail(model: type[BaseModel]) -> bool:
    try:
        failure = model.model_validate({"success": False, "error": "why"}).model_dump()
    except ValidationError:
        return False
    return failure.get("success") is False and failure.get("error") == "why"


def _with_failures(model: type[BaseModel]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (_optional(field.annotation), None) if field.is_required() else (field.annotation, field)
        for name, field in model.model_fields.items()
        if name not in ActionOutput.model_fields
    }
    return create_model(model.__name__, __base__=ActionOutput, __doc__=model.__doc__, **fields)


def _optional(kind: Any) -> Any:  # noqa: ANN401 - a type
    return kind | None


def _names(schema: dict[str, Any]) -> list[set[str]]:
    """The names of the fields of a model and of each model in it."""
    return [set(part.get("properties", ())) for part in (schema, *schema.get("$defs", {}).values())]
