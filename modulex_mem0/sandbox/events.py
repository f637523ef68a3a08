"""Queued work, and what its callers are told of it."""

from __future__ import annotations

import json
import sqlite3
import uuid
from typing import Any

from modulex_mem0.sandbox.clock import now, written

QUEUED = "QUEUED"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"


def enqueue(
    connection: sqlite3.Connection,
    project: str,
    event_type: str,
    payload: dict[str, Any],
    *,
    delay: float,
    error: str | None = None,
) -> str:
    """Write down work to do ``delay`` seconds from now, and return the event's id.

    With ``error``, the event will end as ``FAILED`` with that message instead of doing anything.
    """
    identifier = str(uuid.uuid4())
    moment, wait = now(), round(delay * 1_000_000)
    connection.execute(
        "INSERT INTO events (id, project, event_type, status, payload, results, error, created_at, starts_at, ready_at)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            identifier,
            project,
            event_type,
            QUEUED,
            json.dumps(payload),
            "[]",
            error,
            moment,
            moment + wait // 2,
            moment + wait,
        ),
    )
    return identifier


def finish(
    connection: sqlite3.Connection, event_id: str, results: list[dict[str, Any]], error: str | None = None
) -> None:
    """Mark an event as done, or as failed if there is an ``error``."""
    connection.execute(
        "UPDATE events SET status = ?, results = ?, error = ?, completed_at = ? WHERE id = ?",
        (FAILED if error else SUCCEEDED, json.dumps(results), error, now(), event_id),
    )


def queued(connection: sqlite3.Connection, event_id: str) -> sqlite3.Row | None:
    """The event, if it still waits for its work to be done."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM events WHERE id = ? AND status = ?", (event_id, QUEUED)
    ).fetchone()
    return row


def unfinished(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Ids of all waiting events and when they are due, the earliest first."""
    rows = connection.execute("SELECT id, ready_at FROM events WHERE status = 'QUEUED' ORDER BY ready_at, pk")
    return [(row["id"], row["ready_at"]) for row in rows]


def find(connection: sqlite3.Connection, project: str, event_id: str) -> dict[str, Any] | None:
    """One event as the API shows it."""
    row = connection.execute("SELECT * FROM events WHERE id = ? AND project = ?", (event_id, project)).fetchone()
    return None if row is None else _shown(row)


def count(connection: sqlite3.Connection, project: str) -> int:
    """How many events a project has had."""
    found: int = connection.execute("SELECT count(*) FROM events WHERE project = ?", (project,)).fetchone()[0]
    return found


def newest_first(connection: sqlite3.Connection, project: str, limit: int, offset: int) -> list[dict[str, Any]]:
    """A page of a project's events."""
    rows = connection.execute(
        "SELECT * FROM events WHERE project = ? ORDER BY pk DESC LIMIT ? OFFSET ?", (project, limit, offset)
    )
    return [_shown(row) for row in rows]


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    moment, completed = now(), row["completed_at"]
    started = row["starts_at"] if completed is not None or moment >= row["starts_at"] else None
    status = row["status"]
    if status == QUEUED:
        # A waiting event is PENDING for the first half of its delay and RUNNING for the second.
        status = "PENDING" if started is None else "RUNNING"
    return {
        "id": row["id"],
        "event_type": row["event_type"],
        "status": status,
        "payload": json.loads(row["payload"]),
        "metadata": None,
        "results": json.loads(row["results"]),
        "created_at": written(row["created_at"]),
        "updated_at": written(completed or started or row["created_at"]),
        "started_at": None if started is None else written(started),
        "completed_at": None if completed is None else written(completed),
        "latency": None if completed is None else (completed - row["created_at"]) / 1000,
        "graph_status": None,
        "error": row["error"] if status == FAILED else None,
    }
