"""The inputs of a component: Langflow's own ones, made of the fields of a form."""

from typing import Any

from lfx.io import (
    BoolInput,
    DropdownInput,
    FloatInput,
    HandleInput,
    IntInput,
    MessageTextInput,
    MultilineInput,
    NestedDictInput,
    SecretStrInput,
    StrInput,
    TableInput,
)
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from modulex_mem0.hosts.langflow.form import CredentialInput, FormField

__all__ = ["AFTER", "STOP_ON_ERROR", "action_input", "after_input", "credential_input", "stop_on_error_input"]

#: The names of the inputs that every component has.
AFTER, STOP_ON_ERROR = "after", "stop_on_error"

# What nodes give each other. Each type has two names, of which saved flows may have either.
_DATA, _TABLE, _MESSAGE = ("Data", "JSON"), ("DataFrame", "Table"), ("Message",)
_LONG = ("text", "query", "prompt", "content", "instructions")


class ConversationInput(MultilineInput):  # type: ignore[misc] # Langflow is not installed where types are checked
    """Text for what one person says; or, from another node, messages with their speakers."""

    input_types: list[str] = Field(default_factory=lambda: [*_MESSAGE, *_DATA, *_TABLE])

    @staticmethod
    def _validate_value(v: Any, info: Any) -> Any:  # noqa: ANN401 - Langflow's own signature
        # Langflow's own inputs reduce a message to its text, and the speaker would be lost.
        return v

    @model_serializer(mode="wrap")
    def serialize_model(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As its base: Langflow knows its own classes by name alone."""
        dump: dict[str, Any] = super().serialize_model(handler)
        return dump | {"_input_type": MultilineInput.__name__}


def action_input(field: FormField, *, tool_mode: bool) -> Any:  # noqa: ANN401 - one of Langflow's classes
    """The input of a field.

    Args:
        field: The field.
        tool_mode: Whether an agent fills it in, if the component is a tool.
    """
    common: dict[str, Any] = {
        "name": field.name,
        "display_name": field.title,
        "info": field.description,
        "required": field.required,
        "advanced": field.advanced,
        "tool_mode": tool_mode,
    }
    sample = field.sample
    match field.kind:
        case "switch":
            return BoolInput(**common, value=field.default)
        case "choice":
            default = field.default
            value = "" if default is None else default if isinstance(default, str) else str(default).lower()
            # An optional choice can be taken back.
            options = field.choices if field.required or default is not None else ["", *field.choices]
            return DropdownInput(**common, options=options, value=value)
        case "number":
            number = IntInput if field.schema["type"] == "integer" else FloatInput
            return number(**common, value=field.default)
        case "texts":
            return MessageTextInput(**common, is_list=True, value=[], placeholder="")
        case "conversation":
            return ConversationInput(**common, placeholder="")
        case "rows":
            return TableInput(**common, value=[], table_schema=_columns(field))
        case "object":
            return NestedDictInput(**common, value={})
        case "json":
            return MultilineInput(**common, placeholder=sample)
    text = MultilineInput if field.parameter.rpartition("_")[2] in _LONG else MessageTextInput
    return text(**common, placeholder=sample, value="" if field.default is None else str(field.default))


def credential_input(field: CredentialInput) -> Any:  # noqa: ANN401 - one of Langflow's classes
    """The input of a field of the credential. A secret takes a Global Variable; a flow keeps its name alone."""
    common: dict[str, Any] = {
        "name": field.name,
        "display_name": field.title,
        "info": field.description,
        "required": field.required,
        "advanced": field.advanced,
    }
    if field.sensitive:
        return SecretStrInput(**common, value=field.variable)
    return StrInput(**common, placeholder=field.sample)


def after_input() -> HandleInput:
    """Orders two nodes that pass nothing to each other, which Langflow would run in any order."""
    return HandleInput(
        name=AFTER,
        display_name="After",
        info="Connect any output of the node that has to run first. What it gives is not used.",
        input_types=[*_DATA, *_TABLE, *_MESSAGE],
    )


def stop_on_error_input() -> BoolInput:
    """Whether a failed call stops the flow."""
    return BoolInput(
        name=STOP_ON_ERROR,
        display_name="Stop on error",
        info="On: a failed call stops the flow. Off: the flow goes on, and the result has success, and the error.",
        value=True,
        advanced=True,
    )


def _columns(field: FormField) -> list[dict[str, Any]]:
    types = {"integer": "int", "number": "float", "boolean": "bool"}
    return [
        {
            "name": name,
            "display_name": name.replace("_", " ").capitalize(),
            "type": types.get(column["type"], "str"),
            "description": column.get("description", ""),
            "edit_mode": "inline",
        }
        for name, column in field.schema["items"]["properties"].items()
    ]
