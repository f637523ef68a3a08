"""httpx-aiohttp's transport without httpx's client: what an exchange costs at least, on aiohttp's connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx_aiohttp import AiohttpTransport

from benchmarks.contenders.exchange import exchanging
from benchmarks.contenders.target import Call, Target

__all__ = ["SETUP", "opened"]

SETUP = "httpx_aiohttp.AiohttpTransport called with an httpx.Request, no client"


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Call]:
    """One transport for all calls."""
    async with AiohttpTransport(limits=target.limits()) as transport:
        yield exchanging(transport, target)
