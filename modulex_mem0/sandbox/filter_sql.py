"""Putting a filter into SQL. Every fragment is 0 or 1 and never NULL, so that NOT means what it says."""

from __future__ import annotations

import json
from collections.abc import Callable

from modulex_mem0.sandbox.clock import DAY, Instant, day_of
from modulex_mem0.sandbox.conditions import All, Condition, Node, Not
from modulex_mem0.sandbox.filter_fields import DATE_FIELDS, TEXT_FIELDS
from modulex_mem0.sandbox.scope import ENTITY_FIELDS

Fragment = tuple[str, list[object]]

# A list travels as one JSON parameter: its length then meets no limit of SQLite's.
_LISTED = "(SELECT value FROM json_each(?))"
_SYMBOLS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=", "ne": "<>"}


def to_sql(node: Node) -> Fragment:
    """Return an expression over the table ``memories`` and its parameters."""
    if isinstance(node, Condition):
        return _WRITERS[node.field](node)
    if isinstance(node, Not):
        sql, parameters = to_sql(node.part)
        return f"(NOT {sql})", parameters
    return _joined(" AND " if isinstance(node, All) else " OR ", [to_sql(part) for part in node.parts])


def _joined(word: str, fragments: list[Fragment]) -> Fragment:
    if not fragments:
        return "1", []
    return (
        f"({word.join(sql for sql, _ in fragments)})",
        [parameter for _, parameters in fragments for parameter in parameters],
    )


def _entity(condition: Condition) -> Fragment:
    column = condition.field
    match condition.operator, condition.value:
        case "present", _:
            return f"({column} IS NOT NULL)", []
        case "absent", _:
            return f"({column} IS NULL)", []
        case "in", tuple(names):
            return f"({column} IS NOT NULL AND {column} IN {_LISTED})", [json.dumps(names)]
        case "ne", name:
            return f"({column} IS NOT ?)", [name]
        case _, name:
            return f"({column} IS ?)", [name]


def _moment(condition: Condition) -> Fragment:
    """Compare an instant. A bare date is its midnight in an ordering, and the whole of its day elsewhere."""
    column = "updated_at" if condition.field == "updated_at" else "created_at"
    value, operator = condition.value, condition.operator
    if isinstance(value, tuple):
        return _joined(" OR ", [_same_moment(column, item) for item in value if isinstance(item, Instant)])
    if not isinstance(value, Instant):
        raise TypeError(condition)
    if operator in {"eq", "ne"}:
        sql, parameters = _same_moment(column, value)
        return (sql if operator == "eq" else f"(NOT {sql})"), parameters
    return f"({column} {_SYMBOLS[operator]} ?)", [value.micros]


def _same_moment(column: str, instant: Instant) -> Fragment:
    if instant.whole_day:
        return f"({column} >= ? AND {column} < ?)", [instant.micros, instant.micros + DAY]
    return f"({column} = ?)", [instant.micros]


def _expiry(condition: Condition) -> Fragment:
    """Compare a calendar day; a memory that never expires is only ever ``ne``."""
    value, operator = condition.value, condition.operator
    if isinstance(value, tuple):
        days = [day_of(item.micros) for item in value if isinstance(item, Instant)]
        return f"coalesce(expiration_date IN {_LISTED}, 0)", [json.dumps(days)]
    if not isinstance(value, Instant):
        raise TypeError(condition)
    missing = 1 if operator == "ne" else 0
    return f"coalesce(expiration_date {_SYMBOLS[operator]} ?, {missing})", [day_of(value.micros)]


def _text(condition: Condition) -> Fragment:
    function = "holds_text" if condition.operator == "contains" else "holds_caseless"
    return f"{function}(memory, ?)", [condition.value]


def _categories(condition: Condition) -> Fragment:
    value = condition.value
    if isinstance(value, tuple):
        test, parameter = f"value IN {_LISTED}", json.dumps(value)
    else:
        test, parameter = "holds_text(value, ?)", str(value)
    return f"EXISTS (SELECT 1 FROM json_each(memories.categories) WHERE {test})", [parameter]  # noqa: S608 - two constants


def _metadata(condition: Condition) -> Fragment:
    return "metadata_matches(metadata, ?, ?, ?)", [condition.operator, condition.key, condition.value]


def _memory_ids(condition: Condition) -> Fragment:
    return f"(id IN {_LISTED})", [json.dumps(condition.value)]


_WRITERS: dict[str, Callable[[Condition], Fragment]] = {
    **dict.fromkeys(ENTITY_FIELDS, _entity),
    **dict.fromkeys(DATE_FIELDS, _moment),
    **dict.fromkeys(TEXT_FIELDS, _text),
    "expiration_date": _expiry,
    "categories": _categories,
    "metadata": _metadata,
    "memory_ids": _memory_ids,
}
