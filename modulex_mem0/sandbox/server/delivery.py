"""Delivers what is queued for webhooks, over HTTP, with retries."""

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from modulex_mem0.sandbox.clock import now
from modulex_mem0.sandbox.store.database import Database
from modulex_mem0.sandbox.store.webhooks import Delivery, due_deliveries, next_due, record_attempt

if TYPE_CHECKING:
    import httpx

__all__ = ["Deliverer"]

_TIMEOUT = 5.0  # seconds for one attempt
_PAUSES = (0.5, 2.0, 8.0)  # seconds before the second, third and fourth attempt
_AT_ONCE = 16
_SECOND = 1_000_000


class Deliverer:
    """Sends each queued delivery until it is answered with a 2xx, four times at most."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send what is queued now and whatever is queued later."""
        self._database.after_commit = self._changed.set
        self._changed.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop. What was not delivered stays queued."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        wait: float | None = None
        client: httpx.AsyncClient | None = None
        try:
            while True:
                await self._pause(wait)
                try:
                    due = await self._database.run(due_deliveries, _AT_ONCE)
                    if due:
                        # The import and the client take time, so there is neither before the first delivery.
                        client = client or _new_client()
                        await asyncio.gather(*(self._deliver(client, delivery) for delivery in due))
                    coming = await self._database.run(next_due)
                except sqlite3.Error:
                    wait = _PAUSES[0]  # the disk takes nothing now
                    continue
                wait = None if coming is None else max(0.0, (coming - now()) / _SECOND)
        finally:
            if client is not None:
                await client.aclose()

    async def _pause(self, seconds: float | None) -> None:
        """Wait that long, or until something is committed; `None` waits for a commit alone."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return
        self._changed.clear()

    async def _deliver(self, client: "httpx.AsyncClient", delivery: Delivery) -> None:
        import httpx  # noqa: PLC0415 - as above

        try:
            headers = {"content-type": "application/json", "user-agent": "mem0-sandbox"}
            reply = await client.post(delivery.url, content=delivery.payload, headers=headers)
            outcome, delivered = str(reply.status_code), reply.is_success
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            outcome, delivered = f"{type(error).__name__}: {error}", False
        if delivered:
            state, due_at = "delivered", now()
        elif delivery.attempts < len(_PAUSES):
            state, due_at = "pending", now() + round(_PAUSES[delivery.attempts] * _SECOND)
        else:
            state, due_at = "failed", now()
        await self._database.run(record_attempt, delivery.pk, outcome, state, due_at)


def _new_client() -> "httpx.AsyncClient":
    import httpx  # noqa: PLC0415 - see above

    return httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, verify=False)  # noqa: S501 - for tests
