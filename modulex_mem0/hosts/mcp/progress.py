"""Progress notifications for the MCP client during a call."""

import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from modulex_mem0.runtime import Progress, ProgressListener

__all__ = ["Notification", "ProgressScale", "progress_listener"]

logger = logging.getLogger(__name__)

# Notifications that wait for a slow client. More than these are dropped, since a later one says more.
_BACKLOG = 16

# A total up to this many steps may be counted in parts of a step.
_FEW = 10
_STEP = 0.01

Send = Callable[[float, float | None, str | None], Awaitable[None]]


class Notification(NamedTuple):
    """One notification, as MCP sends it."""

    progress: float
    total: float | None
    message: str


class ProgressScale:
    """Turns an action's reports into numbers that rise with every notification, as MCP requires.

    Clients show the numbers as they are, so they are whole where the total is a number of many steps or seconds.
    """

    def __init__(self) -> None:
        self._last = 0.0
        self._message: str | None = None
        self._counting = True

    def notification(self, progress: Progress) -> Notification | None:
        """The next notification: with the action's own number if it has one that is higher than the last.

        None if a client would see nothing new: neither a higher number nor another message.
        """
        total = progress.total if progress.total is not None and math.isfinite(progress.total) else None
        done = progress.done
        if done is not None and math.isfinite(done):
            self._counting = False
            done = math.floor(done) if total is None or total > _FEW else round(done, 2)
        elif self._counting:
            done = self._last + 1
        else:
            done = self._last
        if done <= self._last and progress.message == self._message:
            return None
        # A number that did not rise is raised by a small step, since the message is new.
        self._last = done if done > self._last else round(self._last + _STEP, 2)
        self._message = progress.message
        return Notification(self._last, total, progress.message)


@asynccontextmanager
async def progress_listener(send: Send) -> AsyncIterator[ProgressListener]:
    """Send an action's reports to the client; when the block ends, all of them have been sent.

    An exception that is raised in the block leaves it in an exception group.

    Args:
        send: Sends one notification, or does nothing if the client asked for none.

    Yields:
        The `on_progress` of a call.
    """
    scale = ProgressScale()
    notifications, pending = anyio.create_memory_object_stream[Notification](_BACKLOG)

    def listen(progress: Progress) -> None:
        try:
            notification = scale.notification(progress)
            if notification is not None:
                notifications.send_nowait(notification)
        except anyio.WouldBlock:
            return

    async with anyio.create_task_group() as group:
        group.start_soon(_send_all, pending, send)
        with notifications:
            yield listen


async def _send_all(pending: MemoryObjectReceiveStream[Notification], send: Send) -> None:
    with pending:
        async for notification in pending:
            try:
                await send(*notification)
            except Exception as error:
                # The client may still want the result.
                logger.debug("progress was not sent: %s", type(error).__name__)
