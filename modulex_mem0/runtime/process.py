"""What a runtime has in one process: calls in flight, connections, and the thread of synchronous calls.

None of it survives a fork, so a forked child has its own.
"""

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from modulex_mem0.runtime.context import Reporter
from modulex_mem0.runtime.credentials import Service
from modulex_mem0.runtime.deadlines import Deadline, Deadlines
from modulex_mem0.runtime.settings import RuntimeSettings
from modulex_mem0.runtime.sync import SyncLoop

if TYPE_CHECKING:
    from modulex_mem0.runtime.http import Pools, ServiceClient

__all__ = ["ProcessState"]


class ProcessState:
    """The state of one runtime in one process.

    Attributes:
        deadlines: Of the calls in flight.
        sync: The event loop of synchronous calls.
    """

    def __init__(self, settings: RuntimeSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._pools: Pools | None = None
        self._client: type[ServiceClient] | None = None
        self._loops: set[asyncio.AbstractEventLoop] = set()
        self.deadlines = Deadlines()
        # Its thread refers to this state, and so keeps the connections until it has closed them.
        self.sync = SyncLoop(self._close_pools)

    def connect(
        self, service: Service, deadline: Deadline, *, safe_to_retry: bool, report: Reporter | None = None
    ) -> "ServiceClient":
        """Make the HTTP client of one call."""
        pools, client = self._pools, self._client
        if pools is None or client is None or deadline.loop not in self._loops:
            pools, client = self._open(deadline.loop)
        return client(pools, self._settings, service, deadline, safe_to_retry=safe_to_retry, report=report)

    def close(self, *loops: asyncio.AbstractEventLoop) -> None:
        """Let nothing more be sent, and end the calls on the given loops and on that of synchronous calls."""
        self.deadlines.close(self.sync.loop, *loops)
        self.sync.stop()

    async def aclose(self) -> None:
        """`close` for the running loop; returns when its connections and those of synchronous calls are closed."""
        self.close(asyncio.get_running_loop())
        if self.sync.started:
            try:
                await asyncio.to_thread(self.sync.join)
            except RuntimeError:
                # The interpreter is ending and starts no threads.
                self.sync.join()
        await self._close_pools()
        self.deadlines.rest()

    def release(self) -> None:
        """Close everything soon, without waiting: the runtime was collected, perhaps on one of these loops."""
        self.sync.stop()
        for loop in self._loops:
            if loop is not self.sync.loop:
                # A loop that has ended closed its connections at its end.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._close_soon)

    def _open(self, loop: asyncio.AbstractEventLoop) -> "tuple[Pools, type[ServiceClient]]":
        # The HTTP room is imported at the first call: httpx takes 65 ms, which listing integrations need not pay.
        from modulex_mem0.runtime.http import Pools, ServiceClient  # noqa: PLC0415

        with self._lock:
            pools = self._pools = self._pools or Pools(self._settings)
            self._client = ServiceClient
            self._loops = {known for known in self._loops if not known.is_closed()} | {loop}
        return pools, ServiceClient

    def _close_soon(self) -> None:
        # The loop refers to its tasks weakly, but this one to the state, and the state to the task.
        self._closing = asyncio.get_running_loop().create_task(self._close_pools())

    async def _close_pools(self) -> None:
        if self._pools is not None:
            await self._pools.aclose()
