"""The type of a schema in words, for people."""

from collections.abc import Iterable, Mapping
from typing import Any

from modulex_mem0.contract.references import resolved

__all__ = ["type_name"]

_DEEPEST = 8


def type_name(schema: object, root: Mapping[str, Any], depth: int = 0) -> str:
    """A schema's type in a few words, such as `string`, `integer 1..200` or `array of objects`.

    Args:
        schema: The schema, or a part of one.
        root: The document that its references are in. One that cannot be followed says nothing of the type.
        depth: How many references, unions and lists were entered; beyond a few, a schema goes round in circles.
    """
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return "any"
    if "$ref" in schema:
        try:
            return type_name(resolved(schema, root), root, depth + 1)
        except LookupError:
            return "any"
    if "enum" in schema:
        return _joined(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return _joined(type_name(choice, root, depth + 1) for choice in schema[union])
    named = schema.get("type", "any")
    if named == "array":
        return f"array of {_plural(type_name(schema.get('items', True), root, depth + 1))}"
    return (named if isinstance(named, str) else _joined(named)) + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return ""
    return f" {'' if least is None else least}..{'' if most is None else most}"


def _plural(name: str) -> str:
    return f"{name}s" if name.isalpha() and name != "any" else "any type" if name == "any" else f"({name})"


def _joined(names: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(names))
