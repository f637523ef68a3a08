"""Jobs: work that a request queues, as the events that its client follows, and the runner that does it when due.

The queue is the table `events`, so a server that was killed resumes its jobs at the next start.
"""

import asyncio
import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from modulex_mem0.sandbox.clock import format_instant, now
from modulex_mem0.sandbox.store.database import Database, is_disk_failure

__all__ = ["JobRunner", "Results", "Work", "count_events", "enqueue", "find_event", "finish", "log", "newest_events"]

Results = list[dict[str, Any]]
"""What an event reports of its job: an object for each memory that was added or deleted."""

Work = Callable[[sqlite3.Connection, str, dict[str, Any], str], Results]
"""Does a job: takes the connection, the project's id, the payload and the event's id."""

_QUEUED = "QUEUED"
_SUCCEEDED = "SUCCEEDED"
_FAILED = "FAILED"
_RETRY_DELAY = 1.0  # seconds


def enqueue(
    connection: sqlite3.Connection,
    project: str,
    event_type: str,
    payload: dict[str, Any],
    *,
    delay: float,
    error: str | None = None,
) -> str:
    """Store a job that is due in `delay` seconds, and return its event's id.

    With `error`, the event will end as `FAILED` with that message, and the work is not done.
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
            _QUEUED,
            json.dumps(payload),
            "[]",
            error,
            moment,
            moment + wait // 2,
            moment + wait,
        ),
    )
    return identifier


def finish(connection: sqlite3.Connection, event_id: str, results: Results, error: str | None = None) -> None:
    """Mark an event as done, or as failed if there is an `error`."""
    connection.execute(
        "UPDATE events SET status = ?, results = ?, error = ?, completed_at = ? WHERE id = ?",
        (_FAILED if error else _SUCCEEDED, json.dumps(results), error, now(), event_id),
    )


def log(
    connection: sqlite3.Connection,
    project: str,
    event_type: str,
    payload: dict[str, Any],
    *,
    results: Results,
    started_at: int,
) -> None:
    """Store the event of something that was done at once, such as a search."""
    connection.execute(
        "INSERT INTO events (id, project, event_type, status, payload, results, created_at, starts_at, ready_at,"
        " completed_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            str(uuid.uuid4()),
            project,
            event_type,
            _SUCCEEDED,
            json.dumps(payload),
            json.dumps(results),
            started_at,
            started_at,
            started_at,
            now(),
        ),
    )


def find_event(connection: sqlite3.Connection, project: str, event_id: str) -> dict[str, Any] | None:
    """One event in the shape of the API."""
    row = connection.execute("SELECT * FROM events WHERE id = ? AND project = ?", (event_id, project)).fetchone()
    return None if row is None else _event(row)


def count_events(connection: sqlite3.Connection, project: str) -> int:
    """How many events a project has had."""
    found: int = connection.execute("SELECT count(*) FROM events WHERE project = ?", (project,)).fetchone()[0]
    return found


def newest_events(connection: sqlite3.Connection, project: str, limit: int, offset: int) -> list[dict[str, Any]]:
    """A page of a project's events, newest first."""
    rows = connection.execute(
        "SELECT * FROM events WHERE project = ? ORDER BY pk DESC LIMIT ? OFFSET ?", (project, limit, offset)
    )
    return [_event(row) for row in rows]


class JobRunner:
    """Does each queued job when it is due."""

    def __init__(
        self, database: Database, work: Mapping[str, Work], after: Callable[[sqlite3.Connection], None]
    ) -> None:
        """Prepare to run jobs; `resume` starts.

        Args:
            database: Where the jobs are queued and do their work.
            work: The function for each type of event.
            after: Runs in the transaction of each job, once the work is done.
        """
        self._database = database
        self._work = work
        self._after = after
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def resume(self) -> None:
        """Schedule the jobs that an earlier run of the server left."""
        for event_id, due in await self._database.run(_unfinished):
            self.schedule(event_id, (due - now()) / 1_000_000)

    def schedule(self, event_id: str, delay: float) -> None:
        """Run the event's job in `delay` seconds."""
        loop = asyncio.get_running_loop()

        def start() -> None:
            self._timers.discard(timer)
            task = loop.create_task(self.run(event_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        timer = loop.call_later(max(0.0, delay), start)
        self._timers.add(timer)

    async def run(self, event_id: str) -> None:
        """Run the event's job now.

        A job that raises ends its event as `FAILED`. While the disk takes nothing, the job stays queued and is tried
        again every second.
        """
        try:
            try:
                await self._database.run(self._run, event_id)
            except Exception as error:
                if isinstance(error, sqlite3.Error) and is_disk_failure(error):
                    raise
                await self._database.run(finish, event_id, [], f"{type(error).__name__}: {error}")
        except sqlite3.Error:
            self.schedule(event_id, _RETRY_DELAY)

    async def close(self) -> None:
        """Cancel what is scheduled, and finish what is running."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        await asyncio.gather(*self._tasks)

    def _run(self, connection: sqlite3.Connection, event_id: str) -> None:
        event = connection.execute("SELECT * FROM events WHERE id = ? AND status = ?", (event_id, _QUEUED)).fetchone()
        if event is None:
            return
        if event["error"] is not None:
            finish(connection, event_id, [], event["error"])
            return
        work = self._work[event["event_type"]]
        finish(connection, event_id, work(connection, event["project"], json.loads(event["payload"]), event_id))
        self._after(connection)


def _unfinished(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Ids of all queued events and when they are due, the earliest first."""
    rows = connection.execute("SELECT id, ready_at FROM events WHERE status = 'QUEUED' ORDER BY ready_at, pk")
    return [(row["id"], row["ready_at"]) for row in rows]


def _event(row: sqlite3.Row) -> dict[str, Any]:
    moment, completed = now(), row["completed_at"]
    started = row["starts_at"] if completed is not None or moment >= row["starts_at"] else None
    status = row["status"]
    if status == _QUEUED:
        # A queued event is PENDING for the first half of its delay and RUNNING for the second.
        status = "PENDING" if started is None else "RUNNING"
    return {
        "id": row["id"],
        "event_type": row["event_type"],
        "status": status,
        "payload": json.loads(row["payload"]),
        "metadata": None,
        "results": json.loads(row["results"]),
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(completed or started or row["created_at"]),
        "started_at": None if started is None else format_instant(started),
        "completed_at": None if completed is None else format_instant(completed),
        "latency": None if completed is None else (completed - row["created_at"]) / 1000,
        "graph_status": None,
        "error": row["error"] if status == _FAILED else None,
    }
