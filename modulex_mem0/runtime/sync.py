"""Runs calls for synchronous code, on one event loop in a thread of its own."""

import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

from modulex_mem0.runtime.mistakes import RuntimeClosedError

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

__all__ = ["SyncLoop"]

T = TypeVar("T")


class SyncLoop:
    """Starts its thread at the first call and keeps it, so that synchronous calls share pooled connections too."""

    def __init__(self) -> None:
        self._closed = False
        self._lock = threading.Lock()
        self._portal: BlockingPortal | None = None
        self._stack = ExitStack()

    def run(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run an async function on the loop and wait for it; from any thread.

        Raises:
            RuntimeClosedError: The loop was closed.
        """
        from anyio.from_thread import start_blocking_portal  # noqa: PLC0415 - only synchronous callers pay for it

        with self._lock:
            self._check_open()
            if self._portal is None:
                self._portal = self._stack.enter_context(start_blocking_portal(name="modulex-mem0 sync calls"))
            portal = self._portal
        try:
            return portal.call(function)
        except RuntimeError:
            # What the portal raises when it was closed just now.
            self._check_open()
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeClosedError("the runtime is closed; make a new one")

    @property
    def started(self) -> bool:
        """Whether the thread runs."""
        return self._portal is not None

    def close(self) -> None:
        """End the thread, when its calls have ended."""
        with self._lock:
            self._closed = True
            self._portal = None
            self._stack.close()
