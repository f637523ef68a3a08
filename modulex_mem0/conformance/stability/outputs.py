"""How an output schema can lose what a flow read from it, or hand it what it did not expect."""

from collections.abc import Iterator, Mapping
from typing import Any

from modulex_mem0.json_schema import json_types, resolve

__all__ = ["widened"]

_DEEPEST = 8


def widened(before: Mapping[str, Any], now: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    """The changes of an output schema after which a flow misses a field, or meets a type that it did not before.

    A field that is added breaks nothing: what reads an output has to ignore what it does not know.
    """
    yield from _values(before, now, place, (before, now), 0)


def _values(
    before: Any,  # noqa: ANN401 - a schema may be true or false
    now: Any,  # noqa: ANN401 - as above
    place: str,
    roots: tuple[Mapping[str, Any], Mapping[str, Any]],
    depth: int,
) -> Iterator[tuple[str, str]]:
    old, new = resolve(before, roots[0]), resolve(now, roots[1])
    if depth > _DEEPEST or not isinstance(old, Mapping):
        return
    added = json_types(new, roots[1]) - _covered(json_types(old, roots[0]))
    if added:
        yield place, f"The type was widened: it may be {', '.join(sorted(added))} now"
    if not isinstance(new, Mapping):
        return
    old_parts, new_parts = _shapes(old, roots[0]), _shapes(new, roots[1])
    for name, value in old_parts.get("properties", {}).items():
        if name not in new_parts.get("properties", {}):
            yield f"{place}.{name}", "The field is gone from the output"
            continue
        if name in old_parts.get("required", ()) and name not in new_parts.get("required", ()):
            yield f"{place}.{name}", "The field may be left out now"
        yield from _values(value, new_parts["properties"][name], f"{place}.{name}", roots, depth + 1)
    if "items" in old_parts and "items" in new_parts:
        yield from _values(old_parts["items"], new_parts["items"], f"{place}.items", roots, depth + 1)
    choices = new_parts.get("enum")
    if "enum" in old_parts and (choices is None or set(map(repr, choices)) - set(map(repr, old_parts["enum"]))):
        yield place, "The field may have values that it never had"


def _covered(types: frozenset[str]) -> frozenset[str]:
    return types | {"integer"} if "number" in types else types


def _shapes(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema, or the one choice of its union that is not null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    inner = resolve(choices[0], root) if len(choices) == 1 else None
    return {**inner, **schema} if isinstance(inner, Mapping) else schema
