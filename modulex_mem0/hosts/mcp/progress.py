"""Passes the progress of a call on to the MCP client."""

import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from modulex_mem0.runtime import Progress, ProgressListener

__all__ = ["ProgressScale", "passing_on_progress"]

logger = logging.getLogger(__name__)

# Steps that a slow client may be behind; what is beyond is dropped, since a later step tells more.
_BACKLOG = 16

Send = Callable[[float, float | None, str | None], Awaitable[None]]


class Step(NamedTuple):
    """One notification."""

    progress: float
    total: float | None
    message: str


class ProgressScale:
    """Turns what actions report into numbers that rise with every step, as MCP demands."""

    def __init__(self) -> None:
        self._last = 0.0
        self._counting = True

    def step(self, progress: Progress) -> Step:
        """The next notification: the action's own numbers, where it has any and they rise."""
        done = progress.done
        if done is not None and math.isfinite(done):
            self._counting = False
            # The smallest step there is: the message is new, the number is not.
            self._last = max(done, math.nextafter(self._last, math.inf))
        else:
            self._last = self._last + 1 if self._counting else math.nextafter(self._last, math.inf)
        total = progress.total if progress.total is not None and math.isfinite(progress.total) else None
        return Step(self._last, total, progress.message)


@asynccontextmanager
async def passing_on_progress(send: Send) -> AsyncIterator[ProgressListener]:
    """Send what is reported inside the block; all of it has been sent when the block ends.

    Nothing may be raised inside the block, as it would leave it in an exception group.

    Args:
        send: Sends one notification, or does nothing where the client asked for none.

    Yields:
        What `Runtime.call` wants as `on_progress`.
    """
    scale = ProgressScale()
    steps, waiting = anyio.create_memory_object_stream[Step](_BACKLOG)

    def listen(progress: Progress) -> None:
        try:
            steps.send_nowait(scale.step(progress))
        except anyio.WouldBlock:
            return

    async with anyio.create_task_group() as group:
        group.start_soon(_send_all, waiting, send)
        with steps:
            yield listen


async def _send_all(waiting: MemoryObjectReceiveStream[Step], send: Send) -> None:
    with waiting:
        async for step in waiting:
            try:
                await send(step.progress, step.total, step.message)
            except Exception as error:
                # A client that cannot be told how far the call is may still want its result.
                logger.debug("progress was not sent: %s", type(error).__name__)
