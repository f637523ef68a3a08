"""Tells ModuleX the parameters of an action, in the few words that it has for them."""

from collections.abc import Mapping
from typing import Any, get_args

from modulex_integrations.schema import ParameterDef, ParameterType

from modulex_mem0.json_schema import inline

__all__ = ["parameter_definitions"]

_TYPES: tuple[ParameterType, ...] = get_args(ParameterType)


def parameter_definitions(schema: Mapping[str, Any]) -> dict[str, ParameterDef]:
    """The parameters of an input schema.

    What ModuleX has no word for (choices, ranges, the shape of items) is told when a value does not fit.
    """
    required = schema.get("required", ())
    definitions = schema.get("$defs", {})
    return {
        name: ParameterDef(
            type=_type(inline(value, definitions)),
            description=value.get("description", ""),
            default=value.get("default"),
            required=name in required,
        )
        for name, value in schema.get("properties", {}).items()
    }


def _type(schema: Mapping[str, Any]) -> ParameterType:
    """The first of its JSON types; an object where every value fits."""
    given = schema.get("type", ())
    kinds = [given] if isinstance(given, str) else list(given)
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        kinds.append(_type(choice) if choice.get("type") != "null" else "null")
    return next((known for kind in kinds for known in _TYPES if known == kind), "object")
