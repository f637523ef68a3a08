"""What the contenders that are our runtime share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.contenders.target import CONNECTIONS, KEEPALIVE, KEY, Call, Target
from benchmarks.server.replies import USER
from modulex_mem0.runtime import Runtime, RuntimeSettings
from modulex_mem0.runtime.settings import TransportName

__all__ = ["opened_over", "settings"]


def settings(transport: TransportName) -> RuntimeSettings:
    """The limits that everybody has, and the transport."""
    return RuntimeSettings(
        max_connections=CONNECTIONS, max_keepalive=CONNECTIONS, keepalive_expiry=KEEPALIVE, transport=transport
    )


@asynccontextmanager
async def opened_over(transport: TransportName, target: Target) -> AsyncIterator[Call]:
    """One runtime for all calls; a call is a search, as a host asks for it."""
    credential = {"api_key": KEY, "base_url": target.base_url}
    async with Runtime(settings(transport)) as runtime:

        async def call() -> int:
            asked = {"user_id": USER, "query": target.body()["query"], "limit": target.records}
            result = await runtime.call("mem0", "search_memories", asked, credential=credential)
            if not result.success:
                raise RuntimeError(result.output["error"])
            return len(result.output["search_results"])

        yield call
