"""The JSON types of values, and of what a JSON Schema admits."""

from collections.abc import Mapping
from typing import Any

from modulex_mem0.contract.references import resolved

__all__ = ["EVERY_TYPE", "json_types", "type_of"]

EVERY_TYPE = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def type_of(value: object) -> str:
    """The name of the JSON type of a value that was parsed from JSON."""
    if value is None:
        return "null"
    # A boolean is an integer to Python, so it comes first.
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"


def json_types(schema: object, root: Mapping[str, Any]) -> frozenset[str]:
    """The names of the JSON types that a schema admits; all of them where it does not say.

    Args:
        schema: The schema, or a part of one.
        root: The document that its references are in. One that cannot be followed says nothing of the type.
    """
    types: set[str] = set()
    pending, seen = [schema], set[int]()
    while pending:
        choice = pending.pop()
        # A union may contain itself. What it contains stays alive in the document, so that no id is used twice.
        if id(choice) in seen:
            continue
        seen.add(id(choice))
        try:
            choice = resolved(choice, root)
        except LookupError:
            return EVERY_TYPE
        if not isinstance(choice, Mapping):
            return EVERY_TYPE
        if "type" in choice:
            named = choice["type"]
            types.update([named] if isinstance(named, str) else named)
        elif "enum" in choice or "const" in choice:
            types.update(type_of(value) for value in choice.get("enum", [choice.get("const")]))
        elif "anyOf" in choice or "oneOf" in choice:
            pending.extend(choice["anyOf"] if "anyOf" in choice else choice["oneOf"])
        else:
            return EVERY_TYPE
    return frozenset(types) or EVERY_TYPE
