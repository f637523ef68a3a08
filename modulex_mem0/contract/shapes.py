"""The bases of an action's input and output models."""

from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

__all__ = ["ADVANCED", "NULLABLE", "ActionInput", "ActionOutput"]

#: `Field(json_schema_extra=ADVANCED)` marks a parameter that a simple form hides.
ADVANCED: JsonDict = {"x-advanced": True}
#: Marks a parameter for which null means something other than leaving it out.
NULLABLE: JsonDict = {"x-nullable": True}


class ActionInput(BaseModel):
    """Base of input models: closed, and a null for an optional parameter is the same as leaving it out.

    Agents and forms send null for what they leave empty. A field whose type itself allows null receives it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a caller sent
        if not isinstance(data, dict) or None not in data.values():
            return data
        fields = cls.model_fields
        return {
            name: value
            for name, value in data.items()
            if value is not None or name not in fields or _takes_null(fields[name])
        }


class ActionOutput(BaseModel):
    """Base of output models. All but `success` must have a default, so that a failure is an output too.

    A subclass's docstring becomes the description in its JSON Schema.
    """

    model_config = ConfigDict(extra="forbid")

    success: bool
    error: str | None = None


def _takes_null(field: FieldInfo) -> bool:
    """Whether a null reaches the field: to mean something, or to be refused where a value is required."""
    kinds = get_args(field.annotation) or (field.annotation,)
    return field.is_required() or NoneType in kinds or Any in kinds
