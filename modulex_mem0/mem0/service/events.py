"""Follows an event until it ends, as accepted work is not yet done work."""

import asyncio
from typing import Any
from urllib.parse import quote

from modulex_mem0.contract import ActionError, Context, ErrorCode
from modulex_mem0.mem0.replies.events import EventRecord
from modulex_mem0.mem0.replies.values import text
from modulex_mem0.mem0.service.client import request_object

__all__ = ["has_ended", "read_event", "refuse_failure", "wait_for_event"]

_ENDED = ("SUCCEEDED", "FAILED")
# Seconds between two polls: quick at first, since many adds take a second or two; then as Mem0's own clients do.
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0
# What the last poll gets even when the time is up; without a limit, one that hangs would outlast the wait.
_LAST_POLL = 2.0


def has_ended(status: str | None) -> bool:
    """Whether a status is final."""
    return status in _ENDED


async def read_event(context: Context, event_id: str) -> dict[str, Any]:
    """Read an event as it stands.

    Raises:
        ActionError: `not_found` for an unknown id; what `request_object` raises.
    """
    # The id may come from a reply, which could hold anything.
    return await request_object(context, "GET", f"/v1/event/{quote(event_id, safe='')}/", describes_failure=True)


async def wait_for_event(context: Context, event_id: str, seconds: float) -> dict[str, Any] | None:
    """Poll an event until it ends or the time is up.

    A poll that fails changes nothing: the work goes on without anybody looking.

    Args:
        context: The call's; its deadline bounds the wait too.
        event_id: The event's.
        seconds: How long to wait at most.

    Returns:
        The event as last seen, ended or not; None when no poll had an answer.
    """
    clock = asyncio.get_running_loop().time
    started = clock()
    seen: dict[str, Any] | None = None
    pause = _FIRST_PAUSE
    while True:
        left = min(seconds - (clock() - started), context.remaining())
        if left <= 0:
            return seen
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        try:
            async with asyncio.timeout(max(seconds - (clock() - started), _LAST_POLL)):
                seen = await read_event(context, event_id)
        except (ActionError, TimeoutError):
            continue
        status = text(seen.get("status"))
        if has_ended(status):
            return seen
        context.report(f"event {status or 'not started'}", done=clock() - started, total=seconds)


def refuse_failure(event: EventRecord, /, **known: object) -> None:
    """End the action when the event failed.

    Raises:
        ActionError: `event_failed`, with the given fields of the output.
    """
    if event.status == "FAILED":
        raise ActionError(ErrorCode.EVENT_FAILED, event.reason or "Mem0 gives no reason", partial_output=known)
