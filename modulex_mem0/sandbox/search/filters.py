"""Parses the `filters` of a request into a tree of conditions, or refuses them as Mem0 does."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modulex_mem0.sandbox.clock import Instant, parse_instant
from modulex_mem0.sandbox.http.errors import NO_ENTITY, ApiError, field_error, invalid_filters
from modulex_mem0.sandbox.http.requests import REQUIRED, wrong_type
from modulex_mem0.sandbox.store.entities import ENTITY_FIELDS

__all__ = [
    "DATE_FIELDS",
    "TEXT_FIELDS",
    "And",
    "Condition",
    "Node",
    "Not",
    "Or",
    "conditions",
    "metadata_condition",
    "parse_filters",
    "require_entity",
]

DATE_FIELDS = ("created_at", "updated_at", "timestamp", "expiration_date")
TEXT_FIELDS = ("text", "keywords_search", "keywords")

_DEEPEST = 20  # levels of AND, OR and NOT inside each other
_MOST_CONDITIONS = 200  # SQLite limits the depth of an expression, at more than this
_MOST_DATES = 100
_WILDCARD = "*"
_POSITIVE = frozenset({"eq", "in", "present"})
_ORDER = ("gt", "gte", "lt", "lte")
_OPERATORS = frozenset({"eq", "ne", "in", "contains", "icontains", *_ORDER})
_METADATA_OPERATORS = ("eq", "ne", "contains")


@dataclass(frozen=True)
class Condition:
    """One comparison.

    Attributes:
        field: The field to compare, named as in a filter.
        operator: `eq`, `ne`, `in`, `present`, `absent`, `gt`, `gte`, `lt`, `lte`, `contains` or `icontains`; each
            field supports some of them.
        value: The value to compare with; for metadata, as JSON.
        key: For metadata, the top-level key.
    """

    field: str
    operator: str
    value: str | tuple[str, ...] | Instant | tuple[Instant, ...] | None = None
    key: str = ""


@dataclass(frozen=True)
class And:
    """True if every part is."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Or:
    """True if at least one part is."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    """True if its part is not."""

    part: "Node"


Node = Condition | And | Or | Not


def parse_filters(raw: object) -> Node:
    """Parse a filter.

    Raises:
        ApiError: 400 if it is missing, has a key or operator that the service does not support, or is too large.
    """
    if raw is None:
        raise field_error("filters", REQUIRED)
    if not isinstance(raw, Mapping):
        raise wrong_type("filters", raw, "dictionary")
    if not raw:
        raise ApiError(400, {"error": NO_ENTITY})
    tree = _parse(raw, 1)
    if sum(1 for _ in conditions(tree)) > _MOST_CONDITIONS:
        raise invalid_filters(f"At most {_MOST_CONDITIONS} conditions are allowed")
    return tree


def conditions(node: Node) -> Iterator[tuple[Condition, bool]]:
    """Every condition of a tree, and whether it is positive (outside any `NOT`)."""
    pending: list[tuple[Node, bool]] = [(node, True)]
    while pending:
        current, positive = pending.pop()
        if isinstance(current, Condition):
            yield current, positive
        elif isinstance(current, Not):
            pending.append((current.part, False))
        else:
            pending.extend((part, positive) for part in current.parts)


def require_entity(tree: Node) -> None:
    """Check that a filter names an entity whose memories to look at.

    Raises:
        ApiError: 400 if no entity id is asked for outside `NOT` and other than by `ne`.
    """
    for condition, positive in conditions(tree):
        if positive and condition.field in ENTITY_FIELDS and condition.operator in _POSITIVE:
            return
    raise ApiError(400, {"error": NO_ENTITY})


def metadata_condition(key: str, operator: str, wanted: object) -> Condition:
    """Compare a top-level key of the metadata with any JSON value."""
    return Condition("metadata", operator, json.dumps(wanted), key)


def _parse(raw: object, depth: int) -> Node:
    if not isinstance(raw, Mapping):
        raise invalid_filters(f"Each condition must be an object, not {type(raw).__name__}")
    if depth > _DEEPEST:
        raise invalid_filters(f"Filters may be nested {_DEEPEST} levels deep")
    parts: list[Node] = []
    for key, value in raw.items():
        # As on the service, an OR next to an AND is ignored.
        if key == "OR" and "AND" in raw:
            _parse_list(key, value, depth)
        elif key in _LOGIC:
            parts.append(_LOGIC[key](_parse_list(key, value, depth)))
        elif key in _FIELDS:
            parts.append(_FIELDS[key](key, value))
        else:
            raise invalid_filters(f"Unsupported filter key: {key!r}. Allowed keys: {', '.join((*_LOGIC, *_FIELDS))}")
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _parse_list(key: str, raw: object, depth: int) -> tuple[Node, ...]:
    items = [raw] if isinstance(raw, Mapping) else raw
    if not isinstance(items, list) or not items:
        raise invalid_filters(f"{key} must hold a list of at least one condition")
    return tuple(_parse(item, depth + 1) for item in items)


def _by_operator(
    field: str, value: object, allowed: tuple[str, ...], condition: Callable[[str, str, object], Condition]
) -> Node:
    """Parse `value`, or `{operator: value, ...}`, whose comparisons must all be true."""
    if not isinstance(value, Mapping):
        return condition(field, "eq", value)
    if not value:
        raise invalid_filters(f"{field} must name at least one operator")
    for operator in value:
        if operator not in allowed:
            raise _unsupported(field, operator, allowed)
    parts = tuple(condition(field, operator, wanted) for operator, wanted in value.items())
    return parts[0] if len(parts) == 1 else And(parts)


def _entity(field: str, value: object) -> Node:
    return _by_operator(field, value, ("eq", "ne", "in"), _entity_condition)


def _entity_condition(field: str, operator: str, value: object) -> Condition:
    if operator == "in":
        names = _list(field, value, _entity_id)
        return Condition(field, "present") if _WILDCARD in names else Condition(field, "in", names)
    name = _entity_id(field, value)
    if name == _WILDCARD:
        return Condition(field, "absent" if operator == "ne" else "present")
    return Condition(field, operator, name)


def _date(field: str, value: object) -> Node:
    return _by_operator(field, value, ("ne", "in", *_ORDER), _date_condition)


def _date_condition(field: str, operator: str, value: object) -> Condition:
    if operator != "in":
        return Condition(field, operator, _instant(field, value))
    if isinstance(value, list) and len(value) > _MOST_DATES:
        raise invalid_filters(f"{field} may be compared with a list of at most {_MOST_DATES} values")
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
        if key in _METADATA_OPERATORS and isinstance(wanted, Mapping) and wanted:
            # {"contains": {"source": "email"}}: the operator may also be outside.
            parts.extend(metadata_condition(name, key, inner) for name, inner in wanted.items())
        else:
            parts.extend(_metadata_key(key, wanted))
    return And(tuple(parts))


def _metadata_key(key: str, wanted: object) -> list[Condition]:
    if not isinstance(wanted, Mapping) or not wanted or not set(wanted) <= _OPERATORS | {"nin"}:
        return [metadata_condition(key, "eq", wanted)]
    for operator in wanted:
        if operator not in _METADATA_OPERATORS:
            raise _unsupported(f"metadata.{key}", operator, _METADATA_OPERATORS)
    return [metadata_condition(key, operator, value) for operator, value in wanted.items()]


def _list(field: str, value: object, parse: Callable[[str, object], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value:
        raise invalid_filters(f"{field} must be compared with a list of at least one value")
    return tuple(parse(field, item) for item in value)


def _string(field: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise invalid_filters(f"{field} must be compared with text")
    return value


def _entity_id(field: str, value: object) -> str:
    # Numbers are accepted, as in Django: clients often have numeric ids.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _string(field, value)


def _instant(field: str, value: object) -> Instant:
    parsed = parse_instant(value)
    if parsed is None:
        raise invalid_filters(f"{field} must be compared with YYYY-MM-DD, an ISO 8601 date-time or epoch seconds")
    return parsed


def _unsupported(field: str, operator: str, allowed: tuple[str, ...]) -> ApiError:
    return invalid_filters(f"Unsupported operator {operator!r} for {field}. Supported: {', '.join(allowed)}")


_LOGIC: dict[str, Callable[[tuple[Node, ...]], Node]] = {
    "AND": And,
    "OR": Or,
    "NOT": lambda parts: Not(Or(parts)),
}
_FIELDS: dict[str, Callable[[str, object], Node]] = {
    **dict.fromkeys(ENTITY_FIELDS, _entity),
    **dict.fromkeys(DATE_FIELDS, _date),
    **dict.fromkeys(TEXT_FIELDS, _text),
    "categories": _categories,
    "metadata": _metadata,
    "memory_ids": _memory_ids,
}
"""The parser of each field that a filter may name."""
