"""Choosing memories of one project by filter."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from modulex_mem0.sandbox.clock import DAY, day_of, now, parse_instant
from modulex_mem0.sandbox.conditions import All, Condition, Node
from modulex_mem0.sandbox.filter_sql import to_sql


@dataclass(frozen=True)
class Selection:
    """Which memories are meant.

    Attributes:
        project: The project's id; nothing of another is ever chosen.
        filter: What the memories must meet.
        show_expired: Whether to choose those too whose expiration date has passed.
        at: The moment from which expiry is judged, in microseconds since 1970.
    """

    project: str
    filter: Node
    show_expired: bool
    at: int

    @classmethod
    def make(cls, project: str, *parts: Node, show_expired: bool = False, at: int | None = None) -> Selection:
        """Choose what meets all of ``parts``."""
        return cls(project, All(parts), show_expired, now() if at is None else at)

    def where(self) -> tuple[str, list[object]]:
        """The selection as SQL over the table ``memories``."""
        sql, parameters = to_sql(self.filter)
        clause, values = f"memories.project = ? AND {sql}", [self.project, *parameters]
        if not self.show_expired:
            clause += " AND (expiration_date IS NULL OR expiration_date >= ?)"
            values.append(day_of(self.at))
        return clause, values


def count(connection: sqlite3.Connection, selection: Selection) -> int:
    """How many memories are chosen."""
    where, parameters = selection.where()
    found: int = connection.execute(f"SELECT count(*) FROM memories WHERE {where}", parameters).fetchone()[0]  # noqa: S608
    return found


def newest_first(
    connection: sqlite3.Connection, selection: Selection, limit: int = -1, offset: int = 0
) -> list[sqlite3.Row]:
    """The chosen memories, the newest first; ``limit`` -1 means all."""
    where, parameters = selection.where()
    return connection.execute(
        f"SELECT * FROM memories WHERE {where} ORDER BY created_at DESC, pk DESC LIMIT ? OFFSET ?",  # noqa: S608
        [*parameters, limit, offset],
    ).fetchall()


def keys(connection: sqlite3.Connection, selection: Selection) -> list[int]:
    """The primary keys of the chosen memories, the newest first."""
    where, parameters = selection.where()
    rows = connection.execute(
        f"SELECT pk FROM memories WHERE {where} ORDER BY created_at DESC, pk DESC",  # noqa: S608
        parameters,
    )
    return [row[0] for row in rows]


def by_keys(connection: sqlite3.Connection, wanted: Sequence[int]) -> list[sqlite3.Row]:
    """The memories with these primary keys, in this order."""
    rows = (connection.execute("SELECT * FROM memories WHERE pk = ?", (key,)).fetchone() for key in wanted)
    return [row for row in rows if row is not None]


def whole_days(first: str | None, last: str | None) -> list[Node]:
    """Created on these UTC days or between them, both included; ``None`` leaves an end open."""
    parts: list[Node] = []
    start, end = parse_instant(first), parse_instant(last)
    if start is not None:
        parts.append(Condition("created_at", "gte", start))
    if end is not None:
        parts.append(Condition("created_at", "lt", replace(end, micros=end.micros + DAY)))
    return parts
