"""httpx called by hand, as its documentation shows it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from benchmarks.contenders.target import Call, Target

__all__ = ["SETUP", "opened", "posting"]

SETUP = "one pooled httpx.AsyncClient on its own transport; client.post(json=…), response.json()"


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Call]:
    """One client for all calls."""
    async with httpx.AsyncClient(limits=target.limits(), timeout=target.timeout(), headers=target.headers()) as client:
        yield posting(client, target)


def posting(client: httpx.AsyncClient, target: Target) -> Call:
    """The call that everybody writes."""

    async def call() -> int:
        response = await client.post(target.search_url, json=target.body())
        response.raise_for_status()
        return len(response.json()["results"])

    return call
