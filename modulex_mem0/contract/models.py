"""The base classes of declarations and of an action's input and output, and the JSON Schemas derived from them."""

import re
from collections.abc import Mapping
from types import NoneType
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

__all__ = [
    "ADVANCED",
    "NULLABLE",
    "ActionInput",
    "ActionOutput",
    "FrozenModel",
    "advanced",
    "input_schema",
    "is_blank",
    "output_schema",
]

ADVANCED: JsonDict = {"x-advanced": True}
"""`Field(json_schema_extra=ADVANCED)` marks a parameter that a simple form hides; `advanced` is the short form."""
NULLABLE: JsonDict = {"x-nullable": True}
"""Marks a parameter for which null means something other than leaving it out."""

_INITIALISMS = {"api": "API", "html": "HTML", "id": "ID", "ids": "IDs", "json": "JSON", "uri": "URI", "url": "URL"}
# Nothing, `{}`, `[]` or `[""]`, with blanks wherever JSON allows them.
_BLANK_TEXT = re.compile(r'|\{\s*+\}|\[(?:[\s,]++|"\s*+"|null)*+\]')


class FrozenModel(BaseModel):
    """Base of everything that an integration declares about itself: immutable, and closed to misspelt fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _title(name: str, _field: object) -> str:
    """The title of a parameter that declares none: `memory_ids` becomes `Memory IDs`."""
    first, *rest = (_INITIALISMS.get(word, word) for word in name.split("_"))
    return " ".join((first[:1].upper() + first[1:], *rest))


class ActionInput(BaseModel):
    """Base of input models: closed, and a null for an optional parameter is the same as leaving it out.

    Agents and forms send null for what they leave empty. A field whose type itself allows null receives it. A field
    without a title gets one from its name.

    Attributes:
        blank_is_absent: Set it to true where a blank (`""`, spaces, `{}`, `[]`, or these as JSON text) for an optional
            parameter is the same as leaving it out, which is what forms mean by it. An action that deletes or clears
            leaves it false: there a blank may stand for a value that got lost, and must not widen what is deleted.
    """

    # NaN and the infinities are no JSON, so no service could be sent them.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, field_title_generator=_title)
    blank_is_absent: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a caller sent
        if not isinstance(data, dict):
            return data
        # A text that begins with a letter or a digit, as nearly all do, needs no closer look.
        blank = is_blank if cls.blank_is_absent else None
        empty = [
            name
            for name, value in data.items()
            if value is None
            or (blank is not None and not (isinstance(value, str) and value[:1].isalnum()) and blank(value))
        ]
        if not empty:
            return data
        fields = cls.model_fields
        return {
            name: value
            for name, value in data.items()
            if name not in empty or name not in fields or not _is_absent(value, fields[name])
        }


class ActionOutput(BaseModel):
    """Base of output models. All but `success` must have a default, so that a failure is an output too.

    A subclass's docstring becomes the description in its JSON Schema.
    """

    # As in an input.
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    success: bool
    error: str | None = None


def advanced(description: str, *, default: Any = None, title: str | None = None, **constraints: Any) -> Any:  # noqa: ANN401
    """An optional parameter that a simple form hides.

    Args:
        description: One sentence for people.
        default: What is used when it is left out.
        title: Overrides the one that is derived from the name.
        constraints: Further arguments of `pydantic.Field`, such as `ge=1`.

    Example:
        `rerank: bool = advanced("Whether to rerank the results.", default=False)`
    """
    return Field(default=default, title=title, description=description, json_schema_extra=ADVANCED, **constraints)


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an input model, as a form needs it.

    Advanced parameters stand after the others. An optional parameter is one that may be left out: `X | None = None`
    becomes plain `X`, without a default. A field marked `NULLABLE` keeps its null, which then means something.
    """
    schema = model.model_json_schema()
    properties: dict[str, Any] = schema.get("properties", {})
    schema["properties"] = {
        name: _without_null(value)
        for name, value in sorted(properties.items(), key=lambda item: "x-advanced" in item[1])
    }
    return schema


def output_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of an output model."""
    return model.model_json_schema()


def _without_null(value: Mapping[str, Any]) -> dict[str, Any]:
    """One parameter's schema without the null, and the default null, that mean `left out`."""
    parameter = dict(value)
    if parameter.pop("x-nullable", None) or parameter.get("default", ...) is not None:
        return parameter
    del parameter["default"]
    choices = [choice for choice in parameter.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del parameter["anyOf"]
        # The parameter's own keywords win over those of its type.
        parameter |= {name: value for name, value in choices[0].items() if name not in parameter}
    elif choices:
        parameter["anyOf"] = choices
    return parameter


def is_blank(value: object) -> bool:
    """Whether a value is what an empty field of a form is sent as: `""`, spaces, `{}`, `[]`, `[""]`, or their JSON."""
    if isinstance(value, str):
        return _BLANK_TEXT.fullmatch(value.strip().strip('"').strip()) is not None
    if isinstance(value, list | tuple):
        return all(item is None or (isinstance(item, str) and not item.strip()) for item in value)
    return isinstance(value, dict) and not value


def _is_absent(value: object, field: FieldInfo) -> bool:
    return not field.is_required() if value is not None else not _takes_null(field)


def _takes_null(field: FieldInfo) -> bool:
    """Whether a null reaches the field: to mean something, or to be refused where a value is required."""
    kinds = get_args(field.annotation) or (field.annotation,)
    return field.is_required() or NoneType in kinds or Any in kinds
