"""Doing queued work when it is due."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from modulex_mem0.sandbox import bulk_delete, events
from modulex_mem0.sandbox.adding import Add, store_inferred
from modulex_mem0.sandbox.clock import now
from modulex_mem0.sandbox.database import Database


def settle(connection: sqlite3.Connection, event_id: str) -> None:
    """Do what an event was queued for; nothing if it has been done."""
    event = events.queued(connection, event_id)
    if event is None:
        return
    if event["error"] is not None:
        events.finish(connection, event_id, [], event["error"])
        return
    results = _WORK[event["event_type"]](connection, event["project"], json.loads(event["payload"]), event_id)
    events.finish(connection, event_id, results)


def _add(connection: sqlite3.Connection, project: str, payload: dict[str, Any], event_id: str) -> list[dict[str, Any]]:
    return store_inferred(connection, project, Add.read(payload), event_id)


def _delete_all(
    connection: sqlite3.Connection, project: str, payload: dict[str, Any], _event_id: str
) -> list[dict[str, Any]]:
    return bulk_delete.by_filter(connection, project, payload)


def _delete_entity(
    connection: sqlite3.Connection, project: str, payload: dict[str, Any], _event_id: str
) -> list[dict[str, Any]]:
    return bulk_delete.by_entity(connection, project, payload)


_WORK: dict[str, Callable[[sqlite3.Connection, str, dict[str, Any], str], list[dict[str, Any]]]] = {
    "ADD": _add,
    "DELETE_ALL": _delete_all,
    "DELETE_USER": _delete_entity,
}


class Settler:
    """Wakes for each queued event. The queue itself is in the database, so a killed server resumes it."""

    def __init__(self, database: Database, after: Callable[[sqlite3.Connection], None]) -> None:
        """``after`` runs in the transaction of each piece of work, when that is done."""
        self._database = database
        self._after = after
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def resume(self) -> None:
        """Take up what an earlier run of the server left undone."""
        for event_id, due in await self._database.run(events.unfinished):
            self.schedule(event_id, (due - now()) / 1_000_000)

    def schedule(self, event_id: str, delay: float) -> None:
        """Do the event's work in ``delay`` seconds."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            self._timers.discard(timer)
            task = loop.create_task(self.settle(event_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        timer = loop.call_later(max(0.0, delay), wake)
        self._timers.add(timer)

    async def settle(self, event_id: str) -> None:
        """Do the event's work now."""

        def work(connection: sqlite3.Connection) -> None:
            settle(connection, event_id)
            self._after(connection)

        try:
            await self._database.run(work)
        except Exception as error:
            await self._database.run(events.finish, event_id, [], f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        """Stop waking, and finish what is in the middle of being done."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        await asyncio.gather(*self._tasks)
