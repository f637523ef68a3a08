"""How an input schema can refuse what it accepted before, or mean something else by it."""

from collections.abc import Iterator, Mapping
from typing import Any

from modulex_mem0.json_schema import json_types, resolve

__all__ = ["narrowed"]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_ADDED = ("pattern", "multipleOf", "uniqueItems", "const", "format")
_DEEPEST = 8
_ABSENT = object()


def narrowed(before: Mapping[str, Any], now: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    """The changes of an input schema after which a call that was accepted is refused or does something else."""
    yield from _Comparison(before, now).objects(before, now, place, 0)


class _Comparison:
    """Compares two documents, each with definitions of its own."""

    def __init__(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        self._before = before
        self._now = now

    def objects(self, before: Any, now: Any, place: str, depth: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401
        old, new = before.get("properties", {}), now.get("properties", {})
        required = set(now.get("required", ())) - set(before.get("required", ()))
        for name in sorted(required):
            is_new = name not in old
            yield f"{place}.{name}", "A required parameter was added" if is_new else "The parameter is now required"
        for name, value in old.items():
            if name not in new:
                if now.get("additionalProperties") is False:
                    yield f"{place}.{name}", "The parameter is gone"
                continue
            yield from self.values(value, new[name], f"{place}.{name}", depth + 1)
        if before.get("additionalProperties", True) is not False and now.get("additionalProperties") is False:
            yield place, "Properties that are not named are now refused"

    def values(self, before: Any, now: Any, place: str, depth: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401
        if before == now and self._before.get("$defs") == self._now.get("$defs"):
            return
        old, new = resolve(before, self._before), resolve(now, self._now)
        if depth > _DEEPEST or not isinstance(old, Mapping) or not isinstance(new, Mapping):
            return
        gone = _covered(json_types(old, self._before)) - _covered(json_types(new, self._now))
        if gone:
            yield place, f"The type was narrowed: {', '.join(sorted(gone))} is refused now"
        if old.get("default", _ABSENT) != new.get("default", _ABSENT):
            yield place, f"The default changed from {old.get('default')!r} to {new.get('default')!r}"
        yield from _bounds(_plain(old), _plain(new), place)
        if "properties" in old and "properties" in new:
            yield from self.objects(old, new, place, depth)
        if "items" in old and "items" in new:
            yield from self.values(old["items"], new["items"], f"{place}.items", depth + 1)


def _covered(types: frozenset[str]) -> frozenset[str]:
    """A number may be an integer, so a schema that takes numbers takes integers."""
    return types | {"integer"} if "number" in types else types


def _plain(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one choice of a union that is not null, where there is just one: that is how optional values are written."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    return {**choices[0], **schema} if len(choices) == 1 and isinstance(choices[0], Mapping) else schema


def _bounds(old: Mapping[str, Any], new: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for key in _LOWER:
        if key in new and (key not in old or new[key] > old[key]):
            yield place, f"{key} is now {new[key]}"
    for key in _UPPER:
        if key in new and (key not in old or new[key] < old[key]):
            yield place, f"{key} is now {new[key]}"
    for key in _ADDED:
        if new.get(key) not in (None, False) and new.get(key) != old.get(key):
            yield place, f"{key} is now {new[key]!r}"
    lost = [value for value in old.get("enum", ()) if "enum" in new and value not in new["enum"]]
    if lost or ("enum" in new and "enum" not in old and "const" not in old):
        yield place, f"Choices are gone: {', '.join(map(repr, lost)) or 'any other value'}"
