"""One exchange over a transport, with as little of httpx as its interface allows."""

import httpx
from pydantic_core import from_json, to_json

from benchmarks.contenders.target import Call, Target

__all__ = ["exchanging"]


def exchanging(transport: httpx.AsyncBaseTransport, target: Target) -> Call:
    """Build an `httpx.Request`, hand it to the transport, read the body, decode it with the fastest decoder at hand."""
    url = httpx.URL(target.search_url)
    headers = httpx.Headers(target.headers() | {"content-type": "application/json"})
    extensions = {"timeout": target.timeout().as_dict()}

    async def call() -> int:
        request = httpx.Request(
            "POST", url, headers=headers, content=to_json(target.body()), extensions=dict(extensions)
        )
        response = await transport.handle_async_request(request)
        try:
            body = await response.aread()
        finally:
            await response.aclose()
        return len(from_json(body)["results"])

    return call
