"""Selects memories of one project: filters as SQL, and the statements around them.

Every fragment of SQL is 0 or 1 and never NULL, so that NOT negates it.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from modulex_mem0.sandbox.clock import DAY, Instant, format_day, now
from modulex_mem0.sandbox.search.filters import DATE_FIELDS, TEXT_FIELDS, And, Condition, Node, Not
from modulex_mem0.sandbox.store.entities import ENTITY_FIELDS

__all__ = ["Selection"]

_Fragment = tuple[str, list[object]]

# A list is passed as one JSON parameter, so that its length meets no limit of SQLite's.
_LISTED = "(SELECT value FROM json_each(?))"
_SYMBOLS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=", "ne": "<>"}


@dataclass(frozen=True)
class Selection:
    """The memories of one project that match a filter.

    Attributes:
        project: The project's id; no memory of another is ever selected.
        filter: What the memories must match.
        show_expired: Whether to include memories whose expiration date has passed.
        at: The instant at which expiry is judged, in microseconds since 1970.
    """

    project: str
    filter: Node
    show_expired: bool
    at: int

    @classmethod
    def matching(cls, project: str, *parts: Node, show_expired: bool = False, at: int | None = None) -> Self:
        """Select what matches all of `parts`."""
        return cls(project, And(parts), show_expired, now() if at is None else at)

    def count(self, connection: sqlite3.Connection) -> int:
        """How many memories are selected."""
        where, parameters = self._where()
        found: int = connection.execute(f"SELECT count(*) FROM memories WHERE {where}", parameters).fetchone()[0]  # noqa: S608
        return found

    def newest(self, connection: sqlite3.Connection, limit: int = -1, offset: int = 0) -> list[sqlite3.Row]:
        """The selected memories, newest first; a `limit` of -1 is none."""
        where, parameters = self._where()
        return connection.execute(
            f"SELECT * FROM memories WHERE {where} ORDER BY created_at DESC, pk DESC LIMIT ? OFFSET ?",  # noqa: S608
            [*parameters, limit, offset],
        ).fetchall()

    def keys(self, connection: sqlite3.Connection) -> list[int]:
        """The primary keys of the selected memories, newest first."""
        where, parameters = self._where()
        # In one row, as JSON: to step through many thousands of rows takes four times as long.
        ordered = f"SELECT pk FROM memories WHERE {where} ORDER BY created_at DESC, pk DESC"  # noqa: S608
        found = connection.execute(f"SELECT json_group_array(pk) FROM ({ordered})", parameters).fetchone()  # noqa: S608
        keys: list[int] = json.loads(found[0])
        return keys

    def _where(self) -> _Fragment:
        sql, parameters = _to_sql(self.filter)
        clause, values = f"memories.project = ? AND {sql}", [self.project, *parameters]
        if not self.show_expired:
            clause += " AND (expiration_date IS NULL OR expiration_date >= ?)"
            values.append(format_day(self.at))
        return clause, values


def _to_sql(node: Node) -> _Fragment:
    """Return an expression over the table `memories`, and its parameters."""
    if isinstance(node, Condition):
        return _FIELDS[node.field](node)
    if isinstance(node, Not):
        sql, parameters = _to_sql(node.part)
        return f"(NOT {sql})", parameters
    return _join(" AND " if isinstance(node, And) else " OR ", [_to_sql(part) for part in node.parts])


def _join(word: str, fragments: list[_Fragment]) -> _Fragment:
    if not fragments:
        return "1", []
    return (
        f"({word.join(sql for sql, _ in fragments)})",
        [parameter for _, parameters in fragments for parameter in parameters],
    )


def _entity(condition: Condition) -> _Fragment:
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


def _moment(condition: Condition) -> _Fragment:
    """Compare an instant. A date is its midnight where order counts, and the whole day elsewhere."""
    column = "updated_at" if condition.field == "updated_at" else "created_at"
    value, operator = condition.value, condition.operator
    if isinstance(value, tuple):
        return _join(" OR ", [_same_moment(column, item) for item in value if isinstance(item, Instant)])
    if not isinstance(value, Instant):
        raise TypeError(condition)
    if operator in {"eq", "ne"}:
        sql, parameters = _same_moment(column, value)
        return (sql if operator == "eq" else f"(NOT {sql})"), parameters
    return f"({column} {_SYMBOLS[operator]} ?)", [value.micros]


def _same_moment(column: str, instant: Instant) -> _Fragment:
    if instant.whole_day:
        return f"({column} >= ? AND {column} < ?)", [instant.micros, instant.micros + DAY]
    return f"({column} = ?)", [instant.micros]


def _expiry(condition: Condition) -> _Fragment:
    """Compare a day; a memory without an expiration date matches `ne` alone."""
    value, operator = condition.value, condition.operator
    if isinstance(value, tuple):
        days = [format_day(item.micros) for item in value if isinstance(item, Instant)]
        return f"coalesce(expiration_date IN {_LISTED}, 0)", [json.dumps(days)]
    if not isinstance(value, Instant):
        raise TypeError(condition)
    missing = 1 if operator == "ne" else 0
    return f"coalesce(expiration_date {_SYMBOLS[operator]} ?, {missing})", [format_day(value.micros)]


def _text(condition: Condition) -> _Fragment:
    function = "contains_text" if condition.operator == "contains" else "contains_caseless"
    return f"{function}(memory, ?)", [condition.value]


def _categories(condition: Condition) -> _Fragment:
    value = condition.value
    if isinstance(value, tuple):
        test, parameter = f"value IN {_LISTED}", json.dumps(value)
    else:
        test, parameter = "contains_text(value, ?)", str(value)
    return f"EXISTS (SELECT 1 FROM json_each(memories.categories) WHERE {test})", [parameter]  # noqa: S608 - two constants


def _metadata(condition: Condition) -> _Fragment:
    return "metadata_matches(metadata, ?, ?, ?)", [condition.operator, condition.key, condition.value]


def _memory_ids(condition: Condition) -> _Fragment:
    return f"(id IN {_LISTED})", [json.dumps(condition.value)]


_FIELDS: dict[str, Callable[[Condition], _Fragment]] = {
    **dict.fromkeys(ENTITY_FIELDS, _entity),
    **dict.fromkeys(DATE_FIELDS, _moment),
    **dict.fromkeys(TEXT_FIELDS, _text),
    "expiration_date": _expiry,
    "categories": _categories,
    "metadata": _metadata,
    "memory_ids": _memory_ids,
}
