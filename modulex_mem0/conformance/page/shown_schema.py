"""A JSON Schema in the order in which the connector's page shows one, and types in words."""

from collections.abc import Mapping
from typing import Any

from modulex_mem0.json_schema import json_types

__all__ = ["ordered", "type_words"]

_NAMED = frozenset({"properties", "patternProperties", "$defs"})
_ORDER = ("string", "integer", "number", "boolean", "array", "object", "null")


def ordered(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The schema with its keywords in alphabetical order, and the names of properties as declared."""
    if isinstance(schema, list):
        return [ordered(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: {name: ordered(value) for name, value in inner.items()}
        if key in _NAMED and isinstance(inner, Mapping)
        else ordered(inner)
        for key, inner in sorted(schema.items())
    }


def type_words(schema: Any, root: Mapping[str, Any]) -> str:  # noqa: ANN401 - a schema may be true or false
    """The JSON types that a parameter takes, such as `string or integer`."""
    kinds = json_types(schema, root)
    if "number" in kinds:
        kinds -= {"integer"}
    return "any" if len(kinds) >= len(_ORDER) - 1 else " or ".join(kind for kind in _ORDER if kind in kinds)
