"""The same httpx client over aiohttp's connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from httpx_aiohttp import AiohttpTransport

from benchmarks.contenders.bare_httpx import posting
from benchmarks.contenders.target import Call, Target

__all__ = ["SETUP", "opened"]

SETUP = "the same httpx.AsyncClient with transport=httpx_aiohttp.AiohttpTransport(limits=…)"


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Call]:
    """One client for all calls."""
    transport = AiohttpTransport(limits=target.limits())
    async with httpx.AsyncClient(transport=transport, timeout=target.timeout(), headers=target.headers()) as client:
        yield posting(client, target)
