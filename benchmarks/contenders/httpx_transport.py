"""httpx's transport without its client: what an exchange costs at least, on httpx's own connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from benchmarks.contenders.exchange import exchanging
from benchmarks.contenders.target import Call, Target

__all__ = ["SETUP", "opened"]

SETUP = "httpx.AsyncHTTPTransport called with an httpx.Request, no client"


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Call]:
    """One transport for all calls."""
    async with httpx.AsyncHTTPTransport(limits=target.limits()) as transport:
        yield exchanging(transport, target)
