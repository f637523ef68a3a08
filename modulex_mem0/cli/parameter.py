"""A parameter of an action as people and programs read it, taken from the action's input schema."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modulex_mem0.contract import ADVANCED
from modulex_mem0.json_schema import type_summary

__all__ = ["Parameter", "parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter.

    Attributes:
        name: What to call it by.
        type: Its JSON type in words, such as `integer 1..200` or `array of objects`.
        required: Whether a call is refused without it.
        has_default: Whether the schema names a value for when it is left out.
        default: That value.
        advanced: Whether a simple form hides it.
        description: What it is for.
    """

    name: str
    type: str
    required: bool
    has_default: bool
    default: Any
    advanced: bool
    description: str

    def as_data(self) -> dict[str, Any]:
        """The parameter for programs; `default` is there only where the schema names one."""
        data: dict[str, Any] = {"name": self.name, "type": self.type, "required": self.required}
        if self.has_default:
            data["default"] = self.default
        return data | {"advanced": self.advanced, "description": self.description}


def parameters(schema: Mapping[str, Any]) -> Iterator[Parameter]:
    """The parameters of an input schema, in its order."""
    required = schema.get("required", ())
    for name, value in schema.get("properties", {}).items():
        yield Parameter(
            name=name,
            type=type_summary(value, schema),
            required=name in required,
            has_default="default" in value,
            default=value.get("default"),
            advanced=ADVANCED.items() <= value.items(),
            description=value.get("description", ""),
        )
