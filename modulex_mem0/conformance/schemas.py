"""Walks through JSON Schemas."""

from collections.abc import Iterator
from typing import Any

__all__ = ["subschemas"]

_MAPS = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


def subschemas(schema: object, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and every schema inside it, each with its place; references are not followed."""
    if not isinstance(schema, dict):
        return
    yield place, schema
    for key in _MAPS:
        inner = schema.get(key)
        for name, value in inner.items() if isinstance(inner, dict) else ():
            yield from subschemas(value, f"{place}.{name}")
    for key in _LISTS:
        choices = schema.get(key)
        for number, value in enumerate(choices if isinstance(choices, list) else ()):
            yield from subschemas(value, f"{place}.{key}[{number}]")
    for key in _SINGLE:
        yield from subschemas(schema.get(key), f"{place}.{key}")
