"""Webhooks, and the queue of what is to be delivered to them.

A change of a memory queues its deliveries in its own transaction: what is rolled back is not announced, and what is
committed is announced even after a kill.
"""

import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from modulex_mem0.sandbox.clock import format_instant, now

__all__ = [
    "EVENT_TYPES",
    "Delivery",
    "announce",
    "create_webhook",
    "delete_webhook",
    "due_deliveries",
    "edit_webhook",
    "find_webhook",
    "list_webhooks",
    "next_due",
    "recent_deliveries",
    "record_attempt",
]

EVENT_TYPES = (
    "memory_add",
    "memory_update",
    "memory_delete",
    "memory_categorize",
    "ingest_job_completed",
    "ingest_job_partially_completed",
    "ingest_job_failed",
    "ingest_job_cancelled",
)
_LONGEST_QUEUE = 1000
_KEPT = 1000  # deliveries that are over, for whoever looks at them


@dataclass(frozen=True)
class Delivery:
    """Something to send.

    Attributes:
        attempts: How often it was tried before.
    """

    pk: int
    url: str
    payload: str
    attempts: int


def list_webhooks(connection: sqlite3.Connection, project: str, owner: str) -> list[dict[str, Any]]:
    """The webhooks of a project, oldest first."""
    rows = connection.execute("SELECT * FROM webhooks WHERE project = ? ORDER BY created_at, id", (project,))
    return [_shown(row, owner) for row in rows]


def find_webhook(connection: sqlite3.Connection, identifier: str) -> sqlite3.Row | None:
    """The webhook with this id, whichever project it belongs to."""
    row: sqlite3.Row | None = connection.execute("SELECT * FROM webhooks WHERE id = ?", (identifier,)).fetchone()
    return row


def create_webhook(
    connection: sqlite3.Connection,
    project: str,
    owner: str,
    *,
    name: str,
    url: str,
    event_types: list[str],
    active: bool,
) -> dict[str, Any]:
    """Store a webhook and return it."""
    identifier, moment = f"wh-{uuid.uuid4().hex}", now()
    connection.execute(
        "INSERT INTO webhooks VALUES (?,?,?,?,?,?,?,?)",
        (identifier, project, name, url, json.dumps(event_types), active, moment, moment),
    )
    row = find_webhook(connection, identifier)
    if row is None:
        raise LookupError(identifier)
    return _shown(row, owner)


def edit_webhook(connection: sqlite3.Connection, webhook: sqlite3.Row, changes: dict[str, Any]) -> None:
    """Change the name, the address, the event types or the activity of a webhook."""
    values = {key: webhook[key] for key in ("name", "url", "event_types", "is_active")}
    values.update({key: json.dumps(value) if key == "event_types" else value for key, value in changes.items()})
    connection.execute(
        "UPDATE webhooks SET name = :name, url = :url, event_types = :event_types, is_active = :is_active,"
        " updated_at = :updated_at WHERE id = :id",
        {**values, "updated_at": now(), "id": webhook["id"]},
    )


def delete_webhook(connection: sqlite3.Connection, identifier: str) -> None:
    """Delete a webhook, and what is still to be delivered to it."""
    connection.execute("DELETE FROM deliveries WHERE webhook = ? AND state = 'pending'", (identifier,))
    connection.execute("DELETE FROM webhooks WHERE id = ?", (identifier,))


def announce(connection: sqlite3.Connection, project: str, event_type: str, details: dict[str, Any]) -> None:
    """Queue a delivery for each active webhook of the project that wants this type of event.

    If the queue is full, the delivery is stored as `dropped`.
    """
    rows = connection.execute("SELECT * FROM webhooks WHERE project = ? AND is_active", (project,)).fetchall()
    wanted = [row for row in rows if event_type in json.loads(row["event_types"])]
    if not wanted:
        return
    payload, moment = json.dumps({"event_details": details}), now()
    waiting = connection.execute("SELECT count(*) FROM deliveries WHERE state = 'pending'").fetchone()[0]
    for place, row in enumerate(wanted, start=waiting):
        state = "pending" if place < _LONGEST_QUEUE else "dropped"
        outcome = None if state == "pending" else f"more than {_LONGEST_QUEUE} deliveries were waiting"
        connection.execute(
            "INSERT INTO deliveries (webhook, url, event_type, payload, state, attempts, due_at, outcome, created_at)"
            " VALUES (?,?,?,?,?,0,?,?,?)",
            (row["id"], row["url"], event_type, payload, state, moment, outcome, moment),
        )
    connection.execute(
        "DELETE FROM deliveries WHERE state <> 'pending' AND pk <= (SELECT max(pk) FROM deliveries) - ?", (2 * _KEPT,)
    )


def due_deliveries(connection: sqlite3.Connection, limit: int) -> list[Delivery]:
    """What is to be sent now, oldest first."""
    rows = connection.execute(
        "SELECT * FROM deliveries WHERE state = 'pending' AND due_at <= ? ORDER BY due_at, pk LIMIT ?", (now(), limit)
    )
    return [Delivery(row["pk"], row["url"], row["payload"], row["attempts"]) for row in rows]


def next_due(connection: sqlite3.Connection) -> int | None:
    """When the next delivery is due, in microseconds since 1970; `None` if none is waiting."""
    due: int | None = connection.execute("SELECT min(due_at) FROM deliveries WHERE state = 'pending'").fetchone()[0]
    return due


def record_attempt(connection: sqlite3.Connection, pk: int, outcome: str, state: str, due_at: int) -> None:
    """Store how an attempt ended; `state` is `delivered`, `failed`, or `pending` for one more attempt at `due_at`."""
    connection.execute(
        "UPDATE deliveries SET attempts = attempts + 1, outcome = ?, state = ?, due_at = ? WHERE pk = ?",
        (outcome, state, due_at, pk),
    )


def recent_deliveries(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The newest deliveries, newest first, in whatever state they are."""
    rows = connection.execute("SELECT * FROM deliveries ORDER BY pk DESC LIMIT ?", (_KEPT,))
    return [
        {
            "webhook_id": row["webhook"],
            "url": row["url"],
            "event_type": row["event_type"],
            "payload": json.loads(row["payload"]),
            "state": row["state"],
            "attempts": row["attempts"],
            "outcome": row["outcome"],
            "created_at": format_instant(row["created_at"]),
        }
        for row in rows
    ]


def _shown(row: sqlite3.Row, owner: str) -> dict[str, Any]:
    return {
        "webhook_id": row["id"],
        "name": row["name"],
        "url": row["url"],
        "event_types": json.loads(row["event_types"]),
        "owner": owner,
        "is_active": bool(row["is_active"]),
        "project": row["project"],
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
    }
