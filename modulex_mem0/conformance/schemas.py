"""Walks through JSON Schemas and asks them what they admit."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["EVERY_TYPE", "json_types", "resolved", "subschemas"]

EVERY_TYPE = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

_MAPS = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
_DEEPEST = 12


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


def resolved(schema: Any, root: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a schema may be true or false
    """The schema with its reference, if it is one, replaced by what it refers to in the same document.

    Raises:
        LookupError: The reference leads nowhere, out of the document, or round in circles.
    """
    for _ in range(_DEEPEST):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            return schema
        target: Any = root
        reference = str(schema["$ref"])
        if not reference.startswith("#"):
            raise LookupError(f"{reference} is not in the same document")
        for step in reference.removeprefix("#").split("/")[1:]:
            target = target[step.replace("~1", "/").replace("~0", "~")]
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**target, **beside} if isinstance(target, Mapping) else target
    raise LookupError("the reference goes round in circles")


def json_types(schema: Any, root: Mapping[str, Any], depth: int = 0) -> frozenset[str]:  # noqa: ANN401 - as above
    """The JSON types that a schema admits; all of them where it does not say."""
    schema = resolved(schema, root)
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return EVERY_TYPE
    if "type" in schema:
        named = schema["type"]
        return frozenset([named] if isinstance(named, str) else named)
    if "enum" in schema or "const" in schema:
        return frozenset(_type_of(value) for value in schema.get("enum", [schema.get("const")]))
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return frozenset().union(*(json_types(choice, root, depth + 1) for choice in schema[union]))
    return EVERY_TYPE


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"
