"""The form of an action in Langflow: which field stands for which parameter, and what a filled field means."""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modulex_mem0.contract import ActionManifest, AuthScheme, IntegrationManifest, is_blank
from modulex_mem0.hosts.toolset import is_empty
from modulex_mem0.json_schema import read_value, simplify

__all__ = ["CredentialInput", "FormField", "Kind", "action_fields", "argument", "credential_fields", "holds_nothing"]

#: How a field is entered:
#: `choice` from a list, `switch` on and off, `number` with steps, `text` in a line, `texts` in several lines,
#: `conversation` as text or from other nodes, `rows` in a table, `object` and `json` as JSON.
Kind = Literal["choice", "switch", "number", "text", "texts", "conversation", "rows", "object", "json"]

_Schema = Mapping[str, Any]

# What Langflow calls the speaker of a model's message. Its other names for speakers are roles.
_MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of an action's form.

    Attributes:
        name: The field's name in Langflow: the parameter's, unless Langflow uses that name for something else.
        parameter: The parameter's name.
        title: Its label.
        description: What to enter.
        kind: How it is entered.
        schema: The parameter's schema, simplified: `type` is one plain type.
        required: Whether the action refuses to run without it.
        advanced: Whether a simple form hides it.
        sample: What a value looks like; empty if nothing says so.
    """

    name: str
    parameter: str
    title: str
    description: str
    kind: Kind
    schema: _Schema
    required: bool
    advanced: bool
    sample: str = ""

    @property
    def default(self) -> Any:  # noqa: ANN401 - any JSON value
        """What the action takes if the field is left as it is; None if that is nothing."""
        return self.schema.get("default")

    @property
    def choices(self) -> list[str]:
        """The values of a choice as they are shown."""
        return [_as_text(value) for value in self.schema.get("enum", (True, False))]


@dataclass(frozen=True, slots=True)
class CredentialInput:
    """One field of a credential on the form.

    Attributes:
        name: The field's name in Langflow.
        field: Its name in a credential.
        title: Its label.
        description: What to enter, and where it comes from.
        variable: The name of the Global Variable that is looked for.
        sensitive: Whether it is a secret.
        required: Whether no call succeeds without it.
        advanced: Whether a simple form hides it.
        sample: What a value looks like.
    """

    name: str
    field: str
    title: str
    description: str
    variable: str
    sensitive: bool
    required: bool
    advanced: bool
    sample: str


def action_fields(action: ActionManifest, *, taken: Collection[str] = ()) -> list[FormField]:
    """The fields of an action's form, in the order of its schema.

    Args:
        action: The action.
        taken: Names that no field may have.
    """
    declared = action.input_schema.get("properties", {})
    required = action.input_schema.get("required", ())
    used = set(taken)
    fields = []
    for parameter, schema in simplify(action.input_schema)["properties"].items():
        original = declared.get(parameter)
        original = original if isinstance(original, Mapping) else {}
        fields.append(
            FormField(
                name=_unused(parameter, used),
                parameter=parameter,
                title=original.get("title") or parameter.replace("_", " ").capitalize(),
                description=str(schema.get("description", "")),
                kind=_kind(schema, original),
                schema=schema,
                required=parameter in required,
                advanced=bool(original.get("x-advanced")) and parameter not in required,
                sample=_sample(action, parameter),
            )
        )
    return fields


def credential_fields(manifest: IntegrationManifest, *, taken: Collection[str] = ()) -> list[CredentialInput]:
    """The fields of the credential, of all schemes; those that only an application needs are left out.

    Args:
        manifest: The integration's.
        taken: Names that no field may have.
    """
    schemes = manifest.auth_schemes
    used, seen, fields = set(taken), set[str](), []
    for scheme in schemes:
        for field in scheme.fields:
            if field.name in seen or field.application:
                continue
            seen.add(field.name)
            fields.append(
                CredentialInput(
                    name=_unused(field.name, used),
                    field=field.name,
                    title=field.display_name,
                    description=" ".join([_sentence(field.description), *_steps(scheme)]),
                    variable=field.environment_variable,
                    sensitive=field.sensitive,
                    # With several schemes, it is enough to fill in one of them.
                    required=field.required and len(schemes) == 1,
                    advanced=field.advanced,
                    sample=field.default or field.format or "",
                )
            )
    return fields


def argument(field: FormField, value: Any) -> Any:  # noqa: ANN401 - whatever Langflow passes
    """The value of a parameter that a filled field stands for; None for a field that was left as it is.

    Text that should be a number or JSON and is neither stays text: the action's own validation says what is wrong
    with it.

    Args:
        field: The field.
        value: From the form, or from another node: text, numbers, lists, and Langflow's Message, Data and DataFrame.
    """
    if field.kind == "conversation":
        return _conversation(value, field.schema)
    if field.kind == "texts":
        return _texts(value, field.schema)
    plain = _plain(value)
    if isinstance(plain, str):
        plain = read_value(plain, field.schema, {})
    if field.kind == "number":
        plain = _number(plain)
    elif field.kind == "rows" and isinstance(plain, list):
        plain = [row for row in (_row(row, field.schema["items"]) for row in plain) if not is_empty(row)]
    return None if is_empty(plain) or plain == field.default else plain


def holds_nothing(value: Any) -> bool:  # noqa: ANN401 - as `argument`
    """Whether another node gave nothing: a blank, in whichever of Langflow's types."""
    plain = _plain(value)
    return plain is None or is_blank(plain)


def _kind(schema: _Schema, original: _Schema) -> Kind:
    kind, default = schema["type"], schema.get("default")
    if "enum" in schema:
        return "choice"
    if kind == "boolean":
        # A switch has no third position for "left out".
        return "switch" if isinstance(default, bool) else "choice"
    if kind in ("integer", "number"):
        refuses_zero = schema.get("minimum", 0) > 0 or original.get("exclusiveMinimum", -1) >= 0
        return "number" if default is not None and refuses_zero else "text"
    if kind == "object":
        return "object"
    if kind == "array":
        return _kind_of_list(schema["items"])
    return "text"


def _kind_of_list(items: _Schema) -> Kind:
    columns = items.get("properties", {})
    if {"role", "content"} <= set(columns):
        return "conversation"
    if columns:
        return "rows"
    return "json" if items["type"] in ("object", "array") else "texts"


def _unused(name: str, used: set[str]) -> str:
    """A name for a field: the given one if Langflow can take it, and none of those that are used."""
    name = "".join(character if character.isalnum() else "_" for character in name) or "field"
    while name in used:
        name += "_"
    used.add(name)
    return name


def _sample(action: ActionManifest, parameter: str) -> str:
    value = action.example.input.get(parameter) if action.example else None
    return value if isinstance(value, str) else "" if value is None else _as_text(value)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _steps(scheme: AuthScheme) -> Iterator[str]:
    yield from (f"{number}. {_sentence(step)}" for number, step in enumerate(scheme.setup_steps, 1))


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:  # noqa: ANN401 - as `argument`
    """Langflow's own types as plain JSON values. Known by their attributes: Langflow has two copies of each."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return _plain(value.to_dict(orient="records"))
    if hasattr(value, "sender") and hasattr(value, "text"):
        return value.text if isinstance(value.text, str) else str(value.text)
    if hasattr(value, "data") and hasattr(value, "text_key"):
        return _plain(value.data)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    # What tables hold: numpy's numbers, and dates.
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _plain(value.tolist())
    if hasattr(value, "isoformat"):
        return None if value != value else value.isoformat()  # noqa: PLR0124 - pandas' missing date
    return None if isinstance(value, float) and math.isnan(value) else value


def _number(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A number as it was meant. A field that is emptied holds 0; only parameters that refuse 0 have such a field."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if value == 0:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _texts(value: Any, schema: _Schema) -> list[Any] | str | None:  # noqa: ANN401 - as `argument`
    plain = _plain(value)
    if isinstance(plain, str):
        plain = [plain]
    if not isinstance(plain, list):
        return None if is_empty(plain) else plain
    lines = [line for line in plain if not is_empty(line)]
    if len(lines) == 1 and isinstance(lines[0], str):
        # A connected node, or a person, may write the whole list as JSON.
        whole = read_value(lines[0], schema, {})
        lines = whole if isinstance(whole, list) else lines
    read = [read_value(line, schema["items"], {}) if isinstance(line, str) else line for line in lines]
    return read or None


def _row(row: Any, schema: _Schema) -> Any:  # noqa: ANN401 - as `argument`
    if not isinstance(row, Mapping):
        return row
    columns = schema.get("properties", {})
    cells = ((name, cell) for name, cell in row.items() if not is_empty(cell))
    return {
        name: read_value(cell, columns[name], {}) if isinstance(cell, str) and name in columns else cell
        for name, cell in cells
    }


def _conversation(value: Any, schema: _Schema) -> Any:  # noqa: ANN401 - as `argument`
    """What was said, as messages with a role. What only the action itself can read stays as it is."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        value = value.to_dict(orient="records")
    if isinstance(value, list | tuple):
        return [message for one in value if not is_empty(message := _message(one))] or None
    message = read_value(value, schema, {}) if isinstance(value, str) else _message(value)
    if is_empty(message):
        return None
    if isinstance(message, str):
        # JSON that is broken, or a single message: the action says what is wrong with it, or reads it.
        return message if message.lstrip().startswith(("[", "{")) else [{"role": "user", "content": message}]
    return [message] if isinstance(message, Mapping) and "role" in message else message


def _message(value: Any) -> Any:  # noqa: ANN401 - as `argument`
    """One message: one of Langflow's, a row of its memory, or whatever else."""
    if hasattr(value, "sender") and hasattr(value, "text"):
        return _said(value.sender, _plain(value))
    plain = _plain(value)
    if isinstance(plain, str):
        return _said(None, plain)
    if isinstance(plain, Mapping) and "role" not in plain and isinstance(plain.get("text"), str):
        return _said(plain.get("sender"), plain["text"])
    return plain


def _said(sender: object, text: str) -> dict[str, str] | None:
    if not text.strip():
        return None
    speaker = str(sender or "user").strip().lower()
    return {"role": "assistant" if speaker == _MACHINE else speaker, "content": text}
