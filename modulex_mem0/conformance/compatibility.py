"""Breaking changes between two manifests of one integration: docs/versioning.md in code.

An input must not narrow: a call that was accepted would be refused, or do something else. An output must not widen or
lose a field: a flow would miss what it reads, or meet a type that it did not expect. A field that is added to an output
breaks nothing, since readers have to ignore what they do not know.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from modulex_mem0.contract import ActionManifest, AuthScheme, IntegrationManifest
from modulex_mem0.json_schema import json_types, resolve

__all__ = ["Change", "breaking_changes", "is_new_major"]

#: A place, and what changed there as the beginning of a sentence.
Change = tuple[str, str]

_DEEPEST = 8
_ABSENT = object()


def is_new_major(before: str, now: str) -> bool:
    """Whether a version may break what was built on another. Below 1.0.0 a new minor version may, too."""
    old, new = ([int(part) for part in version.split("+")[0].split("-")[0].split(".")[:3]] for version in (before, now))
    return new[:1] > old[:1] or (old[0] == 0 and new[:2] > old[:2])


def breaking_changes(before: IntegrationManifest, now: IntegrationManifest) -> Iterator[Change]:
    """Everything in the first manifest that the second removes or narrows."""
    if now.name != before.name:
        yield "name", f"The integration {before.name!r} is now called {now.name!r}"
    schemes = {scheme.type: scheme for scheme in now.auth_schemes}
    for number, old in enumerate(before.auth_schemes):
        if old.type not in schemes:
            yield f"auth_schemes[{number}]", f"The way to authenticate {old.type!r} is gone"
        else:
            yield from _scheme_changes(old, schemes[old.type], f"auth_schemes[{number}]")
    actions = {action.name: action for action in now.actions}
    for action in before.actions:
        if action.name not in actions:
            yield f"actions.{action.name}", "The action is gone"
        elif actions[action.name] != action:
            yield from _action_changes(action, actions[action.name], f"actions.{action.name}")


def _scheme_changes(before: AuthScheme, now: AuthScheme, place: str) -> Iterator[Change]:
    fields = {field.name: field for field in now.fields}
    for old in before.fields:
        field = fields.pop(old.name, None)
        inside = f"{place}.fields.{old.name}"
        if field is None:
            yield inside, "The credential field is gone, so stored credentials are refused"
            continue
        if field.required and not old.required:
            yield inside, "The credential field is now required"
        if field.environment_variable != old.environment_variable:
            yield inside, "The credential field is read from another environment variable"
        if field.default != old.default and old.default is not None:
            yield inside, f"The default changed from {old.default!r} to {field.default!r}"
    for name, field in fields.items():
        if field.required:
            yield f"{place}.fields.{name}", "A credential field was added and is required"


def _action_changes(before: ActionManifest, now: ActionManifest, place: str) -> Iterator[Change]:
    yield from _InputComparison(before.input_schema, now.input_schema).changes(f"{place}.input")
    yield from _OutputComparison(before.output_schema, now.output_schema).changes(f"{place}.output")
    for hint in ("read_only", "idempotent"):
        if getattr(before.hints, hint) and not getattr(now.hints, hint):
            yield f"{place}.hints", f"The action is no longer {hint}, which hosts rely on"
    for hint in ("destructive", "cross_user"):
        if getattr(now.hints, hint) and not getattr(before.hints, hint):
            yield f"{place}.hints", f"The action is now {hint}, which hosts did not ask their users about"


class _InputComparison:
    """Compares two input schemas, each with definitions of its own."""

    def __init__(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        self._before = before
        self._now = now

    def changes(self, place: str) -> Iterator[Change]:
        yield from self._objects(self._before, self._now, place, 0)

    def _objects(self, before: Any, now: Any, place: str, depth: int) -> Iterator[Change]:  # noqa: ANN401
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
            yield from self._values(value, new[name], f"{place}.{name}", depth + 1)
        if before.get("additionalProperties", True) is not False and now.get("additionalProperties") is False:
            yield place, "Properties that are not named are now refused"

    def _values(self, before: Any, now: Any, place: str, depth: int) -> Iterator[Change]:  # noqa: ANN401
        if before == now and self._before.get("$defs") == self._now.get("$defs"):
            return
        old, new = resolve(before, self._before), resolve(now, self._now)
        if depth > _DEEPEST or not isinstance(old, Mapping) or not isinstance(new, Mapping):
            return
        gone = _with_integers(json_types(old, self._before)) - _with_integers(json_types(new, self._now))
        if gone:
            yield place, f"The type was narrowed: {', '.join(sorted(gone))} is refused now"
        if old.get("default", _ABSENT) != new.get("default", _ABSENT):
            yield place, f"The default changed from {old.get('default')!r} to {new.get('default')!r}"
        yield from _bounds(_without_null(old, self._before), _without_null(new, self._now), place)
        if "properties" in old and "properties" in new:
            yield from self._objects(old, new, place, depth)
        if "items" in old and "items" in new:
            yield from self._values(old["items"], new["items"], f"{place}.items", depth + 1)


_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_ADDED = ("pattern", "multipleOf", "uniqueItems", "const", "format")


def _bounds(old: Mapping[str, Any], new: Mapping[str, Any], place: str) -> Iterator[Change]:
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


class _OutputComparison:
    """Compares two output schemas, each with definitions of its own."""

    def __init__(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        self._before = before
        self._now = now

    def changes(self, place: str) -> Iterator[Change]:
        yield from self._values(self._before, self._now, place, 0)

    def _values(self, before: Any, now: Any, place: str, depth: int) -> Iterator[Change]:  # noqa: ANN401
        old, new = resolve(before, self._before), resolve(now, self._now)
        if depth > _DEEPEST or not isinstance(old, Mapping):
            return
        added = json_types(new, self._now) - _with_integers(json_types(old, self._before))
        if added:
            yield place, f"The type was widened: it may be {', '.join(sorted(added))} now"
        if not isinstance(new, Mapping):
            return
        old, new = _without_null(old, self._before), _without_null(new, self._now)
        for name, value in old.get("properties", {}).items():
            if name not in new.get("properties", {}):
                yield f"{place}.{name}", "The field is gone from the output"
                continue
            if name in old.get("required", ()) and name not in new.get("required", ()):
                yield f"{place}.{name}", "The field may be left out now"
            yield from self._values(value, new["properties"][name], f"{place}.{name}", depth + 1)
        if "items" in old and "items" in new:
            yield from self._values(old["items"], new["items"], f"{place}.items", depth + 1)
        choices = new.get("enum")
        if "enum" in old and (choices is None or set(map(repr, choices)) - set(map(repr, old["enum"]))):
            yield place, "The field may have values that it never had"


def _with_integers(types: frozenset[str]) -> frozenset[str]:
    """A schema that accepts numbers accepts integers."""
    return types | {"integer"} if "number" in types else types


def _without_null(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema, or the only choice of its union that is not null: that is how optional values are written."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    inner = resolve(choices[0], root) if len(choices) == 1 else None
    return {**inner, **schema} if isinstance(inner, Mapping) else schema
