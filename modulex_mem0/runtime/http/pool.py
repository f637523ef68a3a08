"""The connections of one event loop, and how they end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

__all__ = ["RUNTIME_CLOSED", "Pool"]

RUNTIME_CLOSED = "the runtime was closed during the call"


class Pool:
    """The transports of the running event loop, by proxy and scheme, and the exchanges that are using them.

    It is closed by its runtime or, where that outlives the loop, when the loop ends: `asyncio.run` closes what async
    generators hold open, so one is left waiting for it.
    """

    __slots__ = ("_ended", "_keeper", "_limits", "closed", "places", "transports")

    def __init__(self, size: int) -> None:
        self.transports: dict[tuple[str, str | None], httpx.AsyncBaseTransport] = {}
        #: The requests that may be under way at once. It hands out places in the order in which they were asked for;
        #: the libraries' own pools do not, and get slower with each request that waits in them.
        self.places = asyncio.Semaphore(size)
        self.closed = False
        self._limits: set[asyncio.Timeout] = set()
        self._ended = asyncio.Event()
        self._keeper = self._until_the_end()
        # The loop takes note of a generator at its first step, which waits for nothing.
        with suppress(StopIteration):
            self._keeper.asend(None).send(None)

    def enter(self, limit: asyncio.Timeout) -> None:
        """Note that an exchange has begun, and the time limit that can end it."""
        self._limits.add(limit)

    def leave(self, limit: asyncio.Timeout) -> None:
        """Note that an exchange has ended."""
        self._limits.discard(limit)
        if self.closed and not self._limits:
            self._ended.set()

    async def aclose(self) -> None:
        """End the exchanges that are under way, then close the connections."""
        await self._keeper.aclose()

    async def _until_the_end(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self._end()

    async def _end(self) -> None:
        self.closed = True
        if self._limits:
            now = asyncio.get_running_loop().time()
            for limit in self._limits:
                if not limit.expired():
                    limit.reschedule(now)
            await self._ended.wait()
        for transport in self.transports.values():
            await transport.aclose()
