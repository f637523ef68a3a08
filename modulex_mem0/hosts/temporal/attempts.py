"""The right of one attempt of an activity to send: it ends before the server can begin another attempt.

The server begins another attempt when it has heard nothing for the heartbeat timeout, also from a worker that is alive
and cut off, or that was stopped for a while. Two attempts that send at once would double rows. So an attempt asks the
server itself whether it is still the one that counts, and stops sending in good time when it gets no answer.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, cast

from temporalio import activity
from temporalio.client import AsyncActivityCancelledError
from temporalio.service import RPCError, RPCStatusCode

__all__ = ["AttemptEndedError", "SendingRight", "sending_right"]

# Of the heartbeat timeout: how often the server is asked, and when sending stops without its answer.
_ASK, _STOP = 0.2, 0.7
_DRAIN = 25.0  # seconds, less than a worker waits for its activities when it is stopped


class AttemptEndedError(Exception):
    """This attempt may not send any more. The next one asks first what is there."""


class SendingRight:
    """Whether this attempt may send. Belongs to one event loop.

    Args:
        seconds: How long the right holds after each answer of the server.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = _now() + seconds
        self._in_flight = 0
        self._ended = asyncio.Event()
        self._drained = asyncio.Event()

    @asynccontextmanager
    async def use(self) -> AsyncIterator[None]:
        """Send one request in the block. Once the right has ended, this waits until it is cancelled."""
        if _now() >= self._until:
            # Not only when a timer says so: this process may have been stopped for a while.
            self.end()
        if self._ended.is_set():
            await asyncio.Event().wait()
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            if self._in_flight == 0 and self._ended.is_set():
                self._drained.set()

    def renew(self, asked: float) -> None:
        """Hold the right for another while.

        Args:
            asked: When the server was asked, since it counts from then at the latest.
        """
        self._until = max(self._until, asked + self._seconds)

    def end(self) -> None:
        """Let nothing more be sent. What is in flight goes on."""
        self._ended.set()
        if self._in_flight == 0:
            self._drained.set()

    async def wait_until_ended(self) -> None:
        """Return when the right has ended."""
        while not self._ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), max(0.01, self._until - _now()))
            if _now() >= self._until:
                self.end()

    async def wait_until_drained(self) -> None:
        """Return when nothing is in flight any more."""
        await self._drained.wait()


@asynccontextmanager
async def sending_right(details: Callable[[], dict[str, Any]]) -> AsyncIterator[SendingRight]:
    """The right of the running activity to send, for the time of the block; it sends the heartbeats too.

    Args:
        details: Makes what each heartbeat carries.

    Raises:
        AttemptEndedError: From the block, when the right ends: the worker is being stopped, the server is away, or it
            has given this attempt up.
    """
    timeout = (activity.info().heartbeat_timeout or timedelta(seconds=30)).total_seconds()
    right = SendingRight(timeout * _STOP)
    block = cast("asyncio.Task[Any]", asyncio.current_task())
    interrupted = False

    async def interrupt() -> None:
        nonlocal interrupted
        await right.wait_until_ended()
        with suppress(TimeoutError):
            await asyncio.wait_for(right.wait_until_drained(), _DRAIN)
        interrupted = True
        block.cancel()

    work = _renew(right, timeout * _ASK, details), _end_with_the_worker(right), interrupt()
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        yield right
    except asyncio.CancelledError:
        if not interrupted or block.uncancel() > 0:
            raise
        raise AttemptEndedError("this attempt has ended; what it has not sent is left to the next one") from None
    finally:
        for task in tasks:
            task.cancel()


async def _renew(right: SendingRight, interval: float, details: Callable[[], dict[str, Any]]) -> None:
    """Ask the server again and again whether this attempt still counts."""
    handle = activity.client().get_async_activity_handle(task_token=activity.info().task_token)
    while True:
        asked = _now()
        try:
            await handle.heartbeat(details(), rpc_timeout=timedelta(seconds=interval))
            right.renew(asked)
        except AsyncActivityCancelledError:
            right.end()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                right.end()
        # Temporal's client passes a cancellation on with its own heartbeats alone.
        activity.heartbeat(details())
        await asyncio.sleep(interval)


async def _end_with_the_worker(right: SendingRight) -> None:
    await activity.wait_for_worker_shutdown()
    right.end()


def _now() -> float:
    """A clock that goes on while the machine sleeps, where the system has one. Seconds."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
