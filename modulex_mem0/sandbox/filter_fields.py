"""What each kind of field may be compared with, and how that is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from modulex_mem0.sandbox.clock import Instant, parse_instant
from modulex_mem0.sandbox.conditions import All, Condition, Node
from modulex_mem0.sandbox.errors import ApiError, invalid_filters
from modulex_mem0.sandbox.scope import ENTITY_FIELDS

WILDCARD = "*"
DATE_FIELDS = ("created_at", "updated_at", "timestamp", "expiration_date")
MOST_DATES = 100
TEXT_FIELDS = ("text", "keywords_search", "keywords")
_ORDER = ("gt", "gte", "lt", "lte")
_OPERATORS = frozenset({"eq", "ne", "in", "contains", "icontains", *_ORDER})
_ON_METADATA = ("eq", "ne", "contains")


def _entity(field: str, value: object) -> Node:
    return _by_operator(field, value, ("eq", "ne", "in"), _entity_condition)


def _entity_condition(field: str, operator: str, value: object) -> Condition:
    if operator == "in":
        names = _list(field, value, _entity_id)
        return Condition(field, "present") if WILDCARD in names else Condition(field, "in", names)
    name = _entity_id(field, value)
    if name == WILDCARD:
        return Condition(field, "absent" if operator == "ne" else "present")
    return Condition(field, operator, name)


def _date(field: str, value: object) -> Node:
    return _by_operator(field, value, ("ne", "in", *_ORDER), _date_condition)


def _date_condition(field: str, operator: str, value: object) -> Condition:
    if operator != "in":
        return Condition(field, operator, _instant(field, value))
    if isinstance(value, list) and len(value) > MOST_DATES:
        raise invalid_filters(f"{field} may be compared with a list of at most {MOST_DATES} values")
    return Condition(field, operator, _list(field, value, _instant))


def _categories(field: str, value: object) -> Node:
    if isinstance(value, list):
        return Condition(field, "in", _list(field, value, _string))
    return _by_operator(field, value, ("in", "contains"), _category_condition)


def _category_condition(field: str, operator: str, value: object) -> Condition:
    if operator == "contains":
        return Condition(field, operator, _string(field, value))
    return Condition(field, "in", (_string(field, value),) if isinstance(value, str) else _list(field, value, _string))


def _text(field: str, value: object) -> Node:
    return _by_operator(field, value, ("contains", "icontains"), _text_condition)


def _text_condition(field: str, operator: str, value: object) -> Condition:
    return Condition(field, "contains" if operator == "contains" else "icontains", _string(field, value))


def _memory_ids(field: str, value: object) -> Node:
    listed = value.get("in") if isinstance(value, Mapping) and set(value) == {"in"} else value
    return Condition(field, "in", _list(field, listed, _string))


def _metadata(field: str, value: object) -> Node:
    if not isinstance(value, Mapping) or not value:
        raise invalid_filters(f"{field} must be an object of keys to compare")
    parts: list[Node] = []
    for key, wanted in value.items():
        if key in _ON_METADATA and isinstance(wanted, Mapping) and wanted:
            # {"contains": {"source": "email"}}: the operator may also stand outside.
            parts.extend(metadata_condition(name, key, inner) for name, inner in wanted.items())
        else:
            parts.extend(_metadata_key(key, wanted))
    return All(tuple(parts))


def _metadata_key(key: str, wanted: object) -> list[Condition]:
    if not isinstance(wanted, Mapping) or not wanted or not set(wanted) <= _OPERATORS | {"nin"}:
        return [metadata_condition(key, "eq", wanted)]
    for operator in wanted:
        if operator not in _ON_METADATA:
            raise _unsupported(f"metadata.{key}", operator, _ON_METADATA)
    return [metadata_condition(key, operator, value) for operator, value in wanted.items()]


def metadata_condition(key: str, operator: str, wanted: object) -> Condition:
    """Compare a top-level key of the metadata with any JSON value."""
    return Condition("metadata", operator, json.dumps(wanted), key)


def _by_operator(
    field: str, value: object, allowed: tuple[str, ...], condition: Callable[[str, str, object], Condition]
) -> Node:
    """Read ``value``, or ``{operator: value, ...}``, whose comparisons must all hold."""
    if not isinstance(value, Mapping):
        return condition(field, "eq", value)
    if not value:
        raise invalid_filters(f"{field} must name at least one operator")
    for operator in value:
        if operator not in allowed:
            raise _unsupported(field, operator, allowed)
    parts = tuple(condition(field, operator, wanted) for operator, wanted in value.items())
    return parts[0] if len(parts) == 1 else All(parts)


def _unsupported(field: str, operator: str, allowed: tuple[str, ...]) -> ApiError:
    return invalid_filters(f"Unsupported operator {operator!r} for {field}. Supported: {', '.join(allowed)}")


def _list(field: str, value: object, read: Callable[[str, object], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value:
        raise invalid_filters(f"{field} must be compared with a list of at least one value")
    return tuple(read(field, item) for item in value)


def _string(field: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise invalid_filters(f"{field} must be compared with text")
    return value


def _entity_id(field: str, value: object) -> str:
    # Numbers are taken, as Django does: ids are often numbers on the caller's side.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _string(field, value)


def _instant(field: str, value: object) -> Instant:
    parsed = parse_instant(value)
    if parsed is None:
        raise invalid_filters(f"{field} must be compared with YYYY-MM-DD, an ISO 8601 date-time or epoch seconds")
    return parsed


READERS: dict[str, Callable[[str, object], Node]] = {
    **dict.fromkeys(ENTITY_FIELDS, _entity),
    **dict.fromkeys(DATE_FIELDS, _date),
    **dict.fromkeys(TEXT_FIELDS, _text),
    "categories": _categories,
    "metadata": _metadata,
    "memory_ids": _memory_ids,
}
"""For each field that a filter may name, what reads its comparison."""
