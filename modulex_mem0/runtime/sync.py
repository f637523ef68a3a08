"""The event loop of synchronous calls, in its own thread. No wait here is without a limit."""

import asyncio
import logging
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, TypeVar

from modulex_mem0.runtime.errors import RuntimeClosedError, RuntimeUsageError, reason_of

__all__ = ["SyncLoop"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

# How long closing waits for the thread to end, in seconds. A handler that blocks the loop outlasts it.
_JOIN = 3.0
# How long the calls that are left when the loop ends may take to end by themselves.
_LAST_CALLS = 2.0
_ENDING = "the interpreter is ending; nothing can be called any more"


class SyncLoop:
    """Starts its thread at the first call and keeps it, so that synchronous calls share pooled connections too.

    The thread is a daemon: a program that does not close its runtime can still exit.

    Args:
        last: Awaited on the loop when it is stopped, before it waits for its last calls.
    """

    def __init__(self, last: Callable[[], Awaitable[None]]) -> None:
        self._closed = False
        # Reentrant: a `__del__` that runs while it is held may make a call of its own.
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._stop = asyncio.Event()
        self._last = last
        self._waiting: set[Future[Any]] = set()
        #: The loop; None until the first call.
        self.loop: asyncio.AbstractEventLoop | None = None

    def run(self, function: Callable[[], Awaitable[T]], seconds_left: Callable[[], float]) -> T:
        """Run an async function on the loop and wait for it; from any thread.

        Args:
            function: What to run.
            seconds_left: How much longer to wait. It is asked again when that time is over.

        Raises:
            OSError: The loop cannot be started, for want of descriptors or threads.
            RuntimeClosedError: The loop was closed, or the interpreter is ending.
            RuntimeUsageError: It was called on the loop's own thread, which would wait for itself.
            TimeoutError: The function did not end in time; it was cancelled.
        """
        future: Future[T] = Future()
        loop = self._started()
        self._waiting.add(future)
        try:
            loop.call_soon_threadsafe(_begin, function, future)
            return _result(future, seconds_left)
        except CancelledError:
            # Calls that are left when the loop ends are cancelled.
            self._check_open()
            raise
        except BaseException:
            # The caller was interrupted, or no longer waits, so its call ends too.
            future.cancel()
            if loop.is_closed():
                self._check_open()
            raise
        finally:
            self._waiting.discard(future)

    @property
    def started(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None

    def stop(self) -> None:
        """Let the thread end, without waiting for it; safe in a finalizer, on any thread."""
        self._closed = True
        loop = self.loop
        if loop is not None:
            # It may have ended already.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._stop.set)

    def join(self, seconds: float = _JOIN) -> None:
        """Wait a few seconds for the thread to end. One that is blocked is left behind, as a daemon."""
        with self._lock:
            thread = self._thread
        # While the interpreter ends, daemons no longer run.
        if thread is None or thread is threading.current_thread() or sys.is_finalizing():
            return
        thread.join(seconds)
        if not thread.is_alive():
            self._thread = None

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeClosedError("the runtime is closed; make a new one")

    def _started(self) -> asyncio.AbstractEventLoop:
        if sys.is_finalizing():  # pragma: no cover - nothing is measured any more by then
            raise RuntimeClosedError(_ENDING)
        if threading.current_thread() is self._thread:
            raise RuntimeUsageError(
                "a synchronous call was made on the thread of synchronous calls, such as from `on_progress`: it would"
                " wait for itself. Make it from another thread, or await the asynchronous method"
            )
        with self._lock:
            self._check_open()
            return self.loop or self._start()

    def _start(self) -> asyncio.AbstractEventLoop:
        # The loop is made here, and not in its thread, so that a failure is the caller's.
        self.loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(loop,), name="modulex-mem0 sync calls", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self.loop = self._thread = None
            loop.close()
            if "shutdown" in str(error):  # pragma: no cover - only Python 3.12 refuses
                raise RuntimeClosedError(_ENDING) from None
            raise OSError(f"no thread can be started: {error}") from error
        return loop

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(self._until_stopped())
        finally:
            # What came too late to be begun. Later callers find the loop closed.
            for future in tuple(self._waiting):
                future.cancel()

    async def _until_stopped(self) -> None:
        while not self._stop.is_set():
            # A handler may cancel every task that it finds: its own call ends with it, and no later one.
            with suppress(asyncio.CancelledError):
                await self._stop.wait()
        try:
            await asyncio.wait_for(self._last(), _LAST_CALLS)
        except Exception as error:
            logger.warning("connections could not be closed: %s", reason_of(error))
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        if calls:
            await asyncio.wait(calls, timeout=_LAST_CALLS)


def _begin(function: Callable[[], Awaitable[Any]], future: "Future[Any]") -> None:
    """Start a task that settles a future; `run_coroutine_threadsafe` would let a KeyboardInterrupt end the loop."""

    async def awaited() -> None:
        try:
            value = await function()
        except asyncio.CancelledError:
            future.cancel()
            raise
        except BaseException as error:
            # Whatever it is, it belongs to the caller's thread.
            _settle(future, error=error)
        else:
            _settle(future, value)

    task = asyncio.get_running_loop().create_task(awaited())

    def cancel(done: "Future[Any]") -> None:
        if done.cancelled() and not task.done():
            # The loop may have ended already.
            with suppress(RuntimeError):
                task.get_loop().call_soon_threadsafe(task.cancel)

    future.add_done_callback(cancel)


def _result(future: "Future[T]", seconds_left: Callable[[], float]) -> T:
    while True:
        # A wait of more than an hour is cut into pieces: `wait` takes no larger number than a C library does.
        waiting = min(seconds_left(), 3600.0)
        if waiting <= 0:
            raise TimeoutError
        try:
            return future.result(waiting)
        except TimeoutError:
            if future.done():
                # The function's own.
                return future.result()


def _settle(future: "Future[Any]", value: object = None, error: BaseException | None = None) -> None:
    if future.set_running_or_notify_cancel():
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
