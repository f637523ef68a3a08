"""Heartbeats of an activity: how the server learns that a worker died, and the worker that a workflow cancelled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity

__all__ = ["heartbeats", "previous_details"]

# Without a heartbeat timeout a cancellation still arrives with a heartbeat only. Seconds.
_LONGEST_INTERVAL = 10.0


@asynccontextmanager
async def heartbeats(details: Callable[[], dict[str, Any]]) -> AsyncIterator[None]:
    """Send heartbeats while the block runs, three within the activity's heartbeat timeout.

    Args:
        details: Makes what each carries. The next attempt reads the last one with `previous_details`.
    """
    timeout = activity.info().heartbeat_timeout
    interval = min(timeout.total_seconds() / 3, _LONGEST_INTERVAL) if timeout else _LONGEST_INTERVAL

    async def beat() -> None:
        while True:
            activity.heartbeat(details())
            await asyncio.sleep(interval)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


def previous_details() -> dict[str, Any]:
    """What the last heartbeat of an earlier attempt carried; empty if there is none."""
    found = activity.info().heartbeat_details
    return found[0] if found and isinstance(found[0], dict) else {}
