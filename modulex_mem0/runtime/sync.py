"""The event loop of synchronous calls, in its own thread."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from typing import TypeVar

from modulex_mem0.runtime.errors import RuntimeClosedError

__all__ = ["SyncLoop"]

T = TypeVar("T")


class SyncLoop:
    """Starts its thread at the first call and keeps it, so that synchronous calls share pooled connections too.

    The thread is a daemon: a program that does not close its runtime can still exit.
    """

    def __init__(self) -> None:
        self._closed = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def run(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run an async function on the loop and wait for it; from any thread.

        Raises:
            RuntimeClosedError: The loop was closed.
        """

        async def awaited() -> T:
            return await function()

        with self._lock:
            self._check_open()
            future = asyncio.run_coroutine_threadsafe(awaited(), self._loop or self._start())
        try:
            return future.result()
        except CancelledError:
            # Calls that are left when the loop ends are cancelled.
            self._check_open()
            raise
        except BaseException:
            # The caller was interrupted and no longer waits, so its call ends too.
            future.cancel()
            raise

    @property
    def started(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None

    def close(self) -> None:
        """End the thread once its calls have ended."""
        with self._lock:
            self._closed = True
            thread, loop = self._thread, self._loop
            self._thread = self._loop = None
        if thread is not None and loop is not None:
            loop.call_soon_threadsafe(self._stop.set)
            thread.join()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeClosedError("the runtime is closed; make a new one")

    def _start(self) -> asyncio.AbstractEventLoop:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="modulex-mem0 sync calls", daemon=True)
        self._thread.start()
        ready.wait()
        if self._loop is None:
            raise RuntimeError("the thread of synchronous calls did not start")
        return self._loop

    def _serve(self, ready: threading.Event) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            ready.set()
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        await self._stop.wait()
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        if calls:
            await asyncio.wait(calls)
