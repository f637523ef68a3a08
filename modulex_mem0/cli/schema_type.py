"""The JSON types that a schema takes: for reading values from a command line, and in words for people."""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["json_types", "type_name"]

_EVERY_TYPE = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_DEEPEST = 8


def type_of(value: object) -> str:
    """The JSON type of a value that was parsed from JSON."""
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"


def json_types(schema: object, definitions: Mapping[str, Any], depth: int = 0) -> frozenset[str]:
    """The names of the JSON types that a schema admits; all of them where it does not say.

    Args:
        schema: A schema, or true.
        definitions: The `$defs` of the document.
        depth: How many references and unions were followed; beyond a few, a schema goes round in circles.
    """
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return _EVERY_TYPE
    if "type" in schema:
        named = schema["type"]
        return frozenset([named] if isinstance(named, str) else named)
    if "const" in schema or "enum" in schema:
        return frozenset(type_of(value) for value in schema.get("enum", [schema.get("const")]))
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return frozenset().union(*(json_types(choice, definitions, depth + 1) for choice in schema[union]))
    if "$ref" in schema:
        return json_types(_resolved(schema, definitions), definitions, depth + 1)
    return _EVERY_TYPE


def type_name(schema: object, definitions: Mapping[str, Any], depth: int = 0) -> str:
    """A schema's type in a few words, such as `string`, `integer 1..200` or `array of objects`."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return "any"
    if "enum" in schema:
        return _joined(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return _joined(type_name(choice, definitions, depth + 1) for choice in schema[union])
    if "$ref" in schema:
        return type_name(_resolved(schema, definitions), definitions, depth + 1)
    named = schema.get("type", "any")
    if named == "array":
        return f"array of {_plural(type_name(schema.get('items', True), definitions, depth + 1))}"
    return (named if isinstance(named, str) else _joined(named)) + _range(schema)


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> object:
    return definitions.get(str(schema["$ref"]).rpartition("/")[2], True)


def _range(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return ""
    return f" {'' if least is None else least}..{'' if most is None else most}"


def _plural(name: str) -> str:
    return f"{name}s" if name.isalpha() and name != "any" else "any type" if name == "any" else f"({name})"


def _joined(names: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(names))
