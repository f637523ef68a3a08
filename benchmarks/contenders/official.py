"""Mem0's own async client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from mem0 import AsyncMemoryClient  # type: ignore[import-untyped]

from benchmarks.contenders.target import KEY, Call, Target

__all__ = ["SETUP", "opened"]

SETUP = "one mem0ai.AsyncMemoryClient, telemetry off, given an httpx.AsyncClient with the same limits; it pings first"


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Call]:
    """One client for all calls."""
    async with httpx.AsyncClient(limits=target.limits(), timeout=target.timeout()) as http:
        # The constructor blocks the loop with its ping; the server is in another process, so that this ends.
        client = AsyncMemoryClient(api_key=KEY, host=target.base_url, client=http)

        async def call() -> int:
            body = target.body()
            reply = await client.search(body["query"], filters=body["filters"], top_k=body["top_k"])
            return len(reply["results"])

        yield call
