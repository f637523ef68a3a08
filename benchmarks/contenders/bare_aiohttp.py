"""aiohttp called by hand: the fastest pure client that people use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import httpx

from benchmarks.contenders.target import CONNECTIONS, KEEPALIVE, Call, Target

__all__ = ["SETUP", "opened"]

SETUP = "one aiohttp.ClientSession; session.post(json=…), response.json()"


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Call]:
    """One session for all calls."""
    connector = aiohttp.TCPConnector(
        limit=CONNECTIONS, keepalive_timeout=KEEPALIVE, ssl=httpx.create_ssl_context(), force_close=False
    )
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=target.timeout().read)
    async with aiohttp.ClientSession(connector=connector, headers=target.headers(), timeout=timeout) as session:

        async def call() -> int:
            async with session.post(target.search_url, json=target.body()) as response:
                response.raise_for_status()
                return len((await response.json())["results"])

        yield call
