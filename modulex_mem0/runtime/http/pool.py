"""The pooled connections of a runtime: a pool for each event loop."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from weakref import WeakKeyDictionary

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.http.errors import runtime_closed
from modulex_mem0.runtime.http.transport import Transport, TransportOpener
from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = ["Pool", "Pools"]


class Pools:
    """Hands out the pool of the running event loop: connections belong to the loop that opened them."""

    def __init__(self, settings: RuntimeSettings) -> None:
        self._max_connections = settings.max_connections
        self._opener = TransportOpener(settings)
        self._lock = threading.Lock()
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()
        self._closed = False

    def current(self) -> "Pool":
        """The running loop's pool.

        Raises:
            ActionError: The runtime was closed, or the loop is ending.
        """
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None and not self._closed:
            with self._lock:
                self._forget_closed_loops()
                pool = self._pools.setdefault(loop, Pool(self._opener, self._max_connections))
        if pool is None or pool.closed or self._closed:
            raise runtime_closed()
        return pool

    async def aclose(self) -> None:
        """Close the connections of the running loop. Those of other loops are closed when their loop ends."""
        self._closed = True
        with self._lock:
            pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()

    def _forget_closed_loops(self) -> None:
        for loop in [loop for loop in self._pools if loop.is_closed()]:
            del self._pools[loop]


class Pool:
    """The transports of the running event loop, by scheme and proxy, and the exchanges that are using them.

    It is closed by its runtime or, where the runtime outlives the loop, when the loop ends: `asyncio.run` closes the
    async generators that are still open, so one is kept waiting for that.
    """

    __slots__ = ("_closer", "_ended", "_limits", "_opener", "_transports", "closed", "slots")

    def __init__(self, opener: TransportOpener, size: int) -> None:
        self._opener = opener
        self._transports: dict[tuple[str, str | None], Transport] = {}
        #: The requests that may be in flight at once. Excess requests queue first-in, first-out; in the libraries' own
        #: pools they do not, and each one that waits there slows down the others.
        self.slots = asyncio.Semaphore(size)
        self.closed = False
        self._limits: set[asyncio.Timeout] = set()
        self._ended = asyncio.Event()
        self._closer = self._close_with_the_loop()
        # The loop registers a generator at its first step, which awaits nothing.
        with suppress(StopIteration):
            self._closer.asend(None).send(None)

    def transport(self, scheme: str, host: str, port: int | None) -> Transport:
        """The transport that leads to a host, through a proxy where the environment names one.

        Raises:
            ActionError: `connection_failed` when the proxy or the certificates that the environment names are unusable.
        """
        try:
            proxy = self._opener.proxy_for(scheme, host, port)
            transport = self._transports.get((scheme, proxy))
            if transport is None:
                transport = self._transports[scheme, proxy] = self._opener.open(scheme, proxy)
        except Exception as error:
            raise ActionError(
                ErrorCode.CONNECTION_FAILED,
                f"the proxy or the certificates of the environment cannot be used: {type(error).__name__}: {error}",
                retryable=False,
            ) from None
        return transport

    def enter(self, limit: asyncio.Timeout) -> None:
        """Register an exchange by the time limit that can end it."""
        self._limits.add(limit)

    def leave(self, limit: asyncio.Timeout) -> None:
        """Deregister an exchange that has ended."""
        self._limits.discard(limit)
        if self.closed and not self._limits:
            self._ended.set()

    async def aclose(self) -> None:
        """End the exchanges that are in flight, then close the connections."""
        await self._closer.aclose()

    async def _close_with_the_loop(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self._close()

    async def _close(self) -> None:
        self.closed = True
        if self._limits:
            now = asyncio.get_running_loop().time()
            for limit in self._limits:
                if not limit.expired():
                    limit.reschedule(now)
            await self._ended.wait()
        for transport in self._transports.values():
            await transport.aclose()
