"""The runtime's aiohttp transport without the runtime: what an exchange costs at least before we add anything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from benchmarks.contenders.exchange import exchanging
from benchmarks.contenders.runtimes import settings
from benchmarks.contenders.target import Call, Target
from modulex_mem0.runtime.http.transports import Transports

__all__ = ["SETUP", "opened"]

SETUP = "the transport that the runtime opens for aiohttp, called with an httpx.Request, no client"


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Call]:
    """One transport for all calls."""
    transports = Transports(settings("aiohttp"))
    url = urlsplit(target.base_url)
    try:
        yield exchanging(transports.transport(transports.pool(), url.scheme, url.hostname or "", url.port), target)
    finally:
        await transports.aclose()
