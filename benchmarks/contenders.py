"""The contenders: ways to make the same search, each a function below, all with the same limits.

To add one, write such a function. It opens what it needs for a target and yields a coroutine function that makes one
call, decodes the reply and returns how many records it held; its docstring goes into the report. A contender runs in a
process of its own and imports its libraries itself: they may be missing, and no other contender should pay for them.
"""
# ruff: noqa: PLC0415

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import httpx
from pydantic_core import from_json, to_json

from benchmarks.server import USER

__all__ = ["CONTENDERS", "HEADERS", "RAW", "TRANSPORTS", "Call", "Contender", "Target"]

#: Makes one call and returns how many records the reply held.
Call = Callable[[], Awaitable[int]]

_KEY: Final = "m0-0123456789abcdefghijklmnopqrstuvwxyz"
#: Sent with each request by contenders that set headers themselves.
HEADERS: Final = {"Authorization": f"Token {_KEY}", "Accept": "application/json"}
# All connections may be kept: some pools have no separate limit for idle ones.
_CONNECTIONS: Final = 100
_KEEPALIVE: Final = 4.0
_LIMITS: Final = httpx.Limits(
    max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=_KEEPALIVE
)
_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a contender sends its search, and how many records it asks for."""

    base_url: str
    records: int

    @property
    def search_url(self) -> str:
        """The full URL of a search."""
        return f"{self.base_url}/v3/memories/search/"

    def body(self) -> dict[str, Any]:
        """The body of a search, a new one for each call."""
        return {"query": "What may I cook for Alice?", "filters": {"user_id": USER}, "top_k": self.records}

    def parameters(self) -> dict[str, Any]:
        """The same search as parameters of the action `search_memories`."""
        return {"user_id": USER, "query": self.body()["query"], "limit": self.records}


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to make the call.

    Attributes:
        label: Its name in tables.
        open: Opens it for a target; the docstring says how it is set up.
        needs: The module that must be installed for it.
        pooled: Whether connections outlive a call, so that opening them belongs to the warm-up.
        connections: How many calls it takes until all of them are open, where more than are made at once. Measured with
            small replies alone: a warm-up with large ones would outlast the connections.
        colour: Its colour in plots; None leaves it out of them.
    """

    label: str
    open: Callable[[Target], AbstractAsyncContextManager[Call]]
    needs: str | None = None
    pooled: bool = True
    connections: int = 0
    colour: str | None = None

    @property
    def skipped(self) -> str | None:
        """Why it cannot be measured here, or None."""
        return f"{self.needs} is not installed" if self.needs and find_spec(self.needs) is None else None


#: By function name, in the order of the tables.
CONTENDERS: Final[dict[str, Contender]] = {}

#: Not a contender, but what the server can take: `raw_sockets` in `worker.py`.
RAW: Final = "raw_sockets"


def _contender(label: str, **attributes: Any) -> Callable[[Callable[[Target], AsyncIterator[Call]]], None]:  # noqa: ANN401
    def register(opened: Callable[[Target], AsyncIterator[Call]]) -> None:
        CONTENDERS[opened.__name__] = Contender(label, asynccontextmanager(opened), **attributes)

    return register


@dataclass(frozen=True, slots=True)
class Transport:
    """The contenders over one transport: the runtime, httpx's client by hand, and the bare exchange."""

    runtime: str
    client: str
    exchange: str


#: The runtime's transports, the default first.
TRANSPORTS: Final = {
    "pyreqwest": Transport("runtime_pyreqwest", client="httpx_over_aiohttp", exchange="runtime_transport"),
    "httpx": Transport("runtime_httpx", client="bare_httpx", exchange="httpx_transport"),
}


@_contender("runtime, pyreqwest", needs="pyreqwest", colour="#0b6e4f")
async def runtime_pyreqwest(target: Target) -> AsyncIterator[Call]:
    """runtime.bind(…) over pyreqwest; call(…) validates input and output, and returns a JSON-ready dict."""
    async with _runtime(target, "pyreqwest") as call:
        yield call


@_contender("runtime, pyreqwest, the credential with each call", needs="pyreqwest")
async def runtime_unbound(target: Target) -> AsyncIterator[Call]:
    """The same through runtime.call(…), which resolves the credential at each call."""
    async with _runtime(target, "pyreqwest", credentials=1) as call:
        yield call


@_contender("runtime, pyreqwest, 1,000 credentials", needs="pyreqwest", connections=1000)
async def runtime_thousand(target: Target) -> AsyncIterator[Call]:
    """The same with a thousand credentials in turn, of which a thousand keep their connections."""
    async with _runtime(target, "pyreqwest", credentials=1000) as call:
        yield call


@_contender("runtime, httpx", colour="#6bbf59")
async def runtime_httpx(target: Target) -> AsyncIterator[Call]:
    """runtime.bind(…) over httpx; call(…) validates input and output, and returns a JSON-ready dict."""
    async with _runtime(target, "httpx") as call:
        yield call


@_contender("runtime, nothing sent")
async def runtime_alone(target: Target) -> AsyncIterator[Call]:
    """runtime.bind(…) with a transport that returns the server's reply from memory."""
    from benchmarks.server import SEARCH, canned_replies
    from modulex_mem0.runtime.http.transport import Response, TransportOpener

    body = canned_replies(target.records)[SEARCH].partition(b"\r\n\r\n")[2]

    class Memory:
        async def exchange(self, _request: Any, _limit: int) -> Response:  # noqa: ANN401 - not looked at
            return Response(200, {}.get, body)

        async def aclose(self) -> None:
            pass

    TransportOpener.open = lambda _self, _service: Memory()  # type: ignore[method-assign]
    async with _runtime(target, "httpx") as call:
        yield call


@asynccontextmanager
async def _runtime(target: Target, transport: str, credentials: int = 0) -> AsyncIterator[Call]:
    """A runtime with an integration bound to a credential, or with credentials in turn that come with each call."""
    from modulex_mem0.runtime import Runtime

    keys = [_KEY if number == 0 else f"{_KEY}-{number}" for number in range(credentials or 1)]
    rotating = itertools.cycle([{"api_key": key, "base_url": target.base_url} for key in keys])
    async with Runtime(_settings(transport, len(keys))) as runtime:
        bound = runtime.bind("mem0", credential=next(rotating))

        async def call() -> int:
            if credentials:
                result = await runtime.call("mem0", "search_memories", target.parameters(), credential=next(rotating))
            else:
                result = await bound.call("search_memories", target.parameters())
            if not result.success:
                raise RuntimeError(result.output["error"])
            return len(result.output["search_results"])

        yield call


def _settings(transport: Any, credentials: int = 1) -> Any:  # noqa: ANN401 - RuntimeSettings
    from modulex_mem0.runtime import RuntimeSettings

    return RuntimeSettings(
        max_connections=_CONNECTIONS,
        max_credentials=credentials,
        max_keepalive=_CONNECTIONS,
        keepalive_expiry=_KEEPALIVE,
        transport=transport,
    )


@_contender("httpx client", colour="#c8553d")
async def bare_httpx(target: Target) -> AsyncIterator[Call]:
    """One pooled httpx.AsyncClient on its own transport; client.post(json=…), response.json()."""
    async with httpx.AsyncClient(limits=_LIMITS, timeout=_TIMEOUT, headers=HEADERS) as client:
        yield _post(client, target)


@_contender("httpx client over aiohttp", needs="httpx_aiohttp", colour="#f28f3b")
async def httpx_over_aiohttp(target: Target) -> AsyncIterator[Call]:
    """The same httpx.AsyncClient with transport=httpx_aiohttp.AiohttpTransport(limits=…)."""
    from httpx_aiohttp import AiohttpTransport

    transport = AiohttpTransport(limits=_LIMITS)
    async with httpx.AsyncClient(transport=transport, timeout=_TIMEOUT, headers=HEADERS) as client:
        yield _post(client, target)


def _post(client: httpx.AsyncClient, target: Target) -> Call:
    async def call() -> int:
        response = await client.post(target.search_url, json=target.body())
        response.raise_for_status()
        return len(response.json()["results"])

    return call


@_contender("httpx transport, no client")
async def httpx_transport(target: Target) -> AsyncIterator[Call]:
    """httpx.AsyncHTTPTransport called with an httpx.Request, no client."""
    async with httpx.AsyncHTTPTransport(limits=_LIMITS) as transport:
        yield _exchange(transport, target)


@_contender("the runtime's pyreqwest transport, no runtime", needs="pyreqwest")
async def runtime_transport(target: Target) -> AsyncIterator[Call]:
    """The transport that the runtime opens for pyreqwest, called with a request of its own kind."""
    # With the one above, the only places in the benchmarks that reach behind the runtime's public face.
    from modulex_mem0.runtime.credentials import Service
    from modulex_mem0.runtime.http.transport import Request, TransportOpener
    from modulex_mem0.runtime.redaction import NO_SECRETS

    transport = TransportOpener(_settings("pyreqwest")).open(Service(target.base_url, HEADERS, NO_SECRETS))

    async def call() -> int:
        request = Request("POST", target.search_url, to_json(target.body()), 5.0, 30.0, must_not_repeat=False)
        response = await transport.exchange(request, 2**25)
        return len(from_json(response.body)["results"])

    try:
        yield call
    finally:
        await transport.aclose()


@_contender("pyreqwest", needs="pyreqwest", colour="#b0b0b0")
async def bare_pyreqwest(target: Target) -> AsyncIterator[Call]:
    """One pyreqwest client; client.post(…).body_json(…).build().send(), response.json()."""
    from datetime import timedelta

    from pyreqwest.client import ClientBuilder

    builder = ClientBuilder().default_headers(HEADERS).connect_timeout(timedelta(seconds=_TIMEOUT.connect or 5))
    builder = builder.pool_idle_timeout(timedelta(seconds=_KEEPALIVE)).pool_max_idle_per_host(_CONNECTIONS).no_proxy()
    async with builder.build() as client:

        async def call() -> int:
            response = await client.post(target.search_url).body_json(target.body()).build().send()
            response.error_for_status()
            return len((await response.json())["results"])

        yield call


def _exchange(transport: httpx.AsyncBaseTransport, target: Target) -> Call:
    """One exchange with as little of httpx as a transport's interface allows, decoded with the fastest decoder."""
    url = httpx.URL(target.search_url)
    headers = httpx.Headers(HEADERS | {"content-type": "application/json"})

    async def call() -> int:
        extensions = {"timeout": _TIMEOUT.as_dict()}
        request = httpx.Request("POST", url, headers=headers, content=to_json(target.body()), extensions=extensions)
        response = await transport.handle_async_request(request)
        try:
            body = await response.aread()
        finally:
            await response.aclose()
        return len(from_json(body)["results"])

    return call


@_contender("aiohttp", needs="aiohttp", colour="#7c7c7c")
async def bare_aiohttp(target: Target) -> AsyncIterator[Call]:
    """One aiohttp.ClientSession; session.post(json=…), response.json()."""
    import aiohttp

    connector = aiohttp.TCPConnector(
        limit=_CONNECTIONS, keepalive_timeout=_KEEPALIVE, ssl=httpx.create_ssl_context(), force_close=False
    )
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_TIMEOUT.connect, sock_read=_TIMEOUT.read)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS, timeout=timeout) as session:

        async def call() -> int:
            async with session.post(target.search_url, json=target.body()) as response:
                response.raise_for_status()
                return len((await response.json())["results"])

        yield call


@_contender("mem0ai.AsyncMemoryClient", needs="mem0", colour="#4464ad")
async def official(target: Target) -> AsyncIterator[Call]:
    """One AsyncMemoryClient, telemetry off, given an httpx.AsyncClient with the same limits; it pings first."""
    from mem0 import AsyncMemoryClient

    async with httpx.AsyncClient(limits=_LIMITS, timeout=_TIMEOUT) as http:
        # The constructor blocks the event loop with a ping, which the server answers from its own process.
        client = AsyncMemoryClient(api_key=_KEY, host=target.base_url, client=http)

        async def call() -> int:
            body = target.body()
            reply = await client.search(body["query"], filters=body["filters"], top_k=body["top_k"])
            return len(reply["results"])

        yield call


@_contender("ModuleX's mem0 tool", needs="modulex_integrations", pooled=False, colour="#8d4a9e")
async def modulex_tool(target: Target) -> AsyncIterator[Call]:
    """modulex_integrations.tools.mem0.search_memories.ainvoke(…), its module constant set to the server."""
    from modulex_integrations.tools.mem0 import tools

    # The tool has no option for its address, and reads this constant at each call. It opens a client for each call.
    tools._MEM0_API_BASE = target.base_url  # noqa: SLF001

    async def call() -> int:
        output = await tools.search_memories.ainvoke(target.parameters() | {"api_key": _KEY})
        if not output["success"]:
            raise RuntimeError(output["error"])
        return len(output["search_results"])

    yield call
