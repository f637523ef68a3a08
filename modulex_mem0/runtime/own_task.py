"""Runs a handler in a task of its own, so that a call ends in time even where its handler does not."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

__all__ = ["ended_in_time"]

# How long a cancelled handler may clean up before its call ends without it, in seconds.
_CLEANUP = 0.5


async def ended_in_time(work: Callable[[], Awaitable[Any]], seconds: float) -> asyncio.Task[Any] | None:
    """The task that did the work, with its result or its exception; None when it was stopped.

    Work that ignores its cancellation is left behind. If the caller is cancelled, so is the work.

    Args:
        work: Calls the handler.
        seconds: How long it may take.
    """
    loop = asyncio.get_running_loop()
    # Set at the end of the work or of the time. Waiting for the task itself would cost two more turns of the loop.
    over: asyncio.Future[None] = loop.create_future()
    task = _started(loop, _telling(work, over))
    if not over.done():
        timer = loop.call_later(seconds, _tell, over)
        try:
            await over
        except asyncio.CancelledError:
            await _stopped(task)
            raise
        finally:
            timer.cancel()
        if not task.done():
            await _stopped(task)
            return None
    return task


def _started(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    if sys.version_info >= (3, 12) and loop.get_task_factory() is None:
        # Without waiting for a turn of the loop to begin.
        return asyncio.eager_task_factory(loop, work)
    return loop.create_task(work)


async def _telling(work: Callable[[], Awaitable[Any]], over: "asyncio.Future[None]") -> Any:  # noqa: ANN401 - whatever the work gives
    try:
        return await work()
    except SystemExit as error:
        # Out of a task it would end the event loop.
        raise RuntimeError(f"SystemExit: {error}") from error
    finally:
        _tell(over)


def _tell(over: "asyncio.Future[None]") -> None:
    if not over.done():
        over.set_result(None)


async def _stopped(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=_CLEANUP)
