"""A transport over aiohttp's connections, which cost a half to a fifth of httpcore's.

Why not a published one: what a failure means decides whether a request may have been carried out, and that mapping is
kept here, next to what relies on it.
"""

import asyncio
from collections.abc import AsyncIterator
from ssl import SSLContext
from types import SimpleNamespace

import aiohttp
import httpx
from yarl import URL

__all__ = ["AiohttpTransport"]

# Large enough for a page of a thousand records in few wake-ups.
_READ_BUFFER = 2**18
_ADDED_BY_AIOHTTP = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Carries requests over pooled connections of the running event loop.

    It keeps no cookies, follows no redirect, reads no environment and decodes nothing, as httpx's own transport does.

    Args:
        ssl_context: For https.
        keepalive_expiry: Seconds that an idle connection is kept; None keeps none. There is no limit on the number of
            connections: the pool decides who may open one.
    """

    def __init__(self, *, ssl_context: SSLContext, keepalive_expiry: float | None) -> None:
        if keepalive_expiry is None:
            connector = aiohttp.TCPConnector(ssl=ssl_context, limit=0, force_close=True)
        else:
            connector = aiohttp.TCPConnector(ssl=ssl_context, limit=0, keepalive_timeout=keepalive_expiry)
        self._session = _session(connector)
        # Tracing a request costs a little, so only those are traced whose sending must be known.
        self._traced = _session(connector, _trace_config())
        self._timeouts: dict[float | None, aiohttp.ClientTimeout] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the reply's head.

        Raises:
            httpx.TransportError: The subclass that httpx's own transport would raise. `ConnectError` and
                `ConnectTimeout` mean that nothing was sent.
        """
        connect = request.extensions.get("timeout", {}).get("connect")
        trace = request.extensions.get("trace")
        session = self._session if trace is None else self._traced
        try:
            response = await session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw],
                data=request.read() or None,
                allow_redirects=False,
                timeout=self._timeout(connect),
                trace_request_ctx=trace,
            )
        except Exception as error:
            raise _as_httpx(error) from error
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Body(response))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._traced.close()
        await self._session.close()

    def _timeout(self, connect: float | None) -> aiohttp.ClientTimeout:
        # Nearly all requests have the same time to connect; the other timeouts are the caller's.
        timeout = self._timeouts.get(connect)
        if timeout is None:
            timeout = aiohttp.ClientTimeout(total=None, connect=connect)
            if len(self._timeouts) < 16:
                self._timeouts[connect] = timeout
        return timeout


def _session(connector: aiohttp.TCPConnector, *traces: aiohttp.TraceConfig) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        # The session without traces owns the connections of both.
        connector_owner=not traces,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=_READ_BUFFER,
        requote_redirect_url=False,
        skip_auto_headers=_ADDED_BY_AIOHTTP,
        trace_configs=list(traces),
        trust_env=False,
    )
    # Whether a request is sent again is the runtime's decision. There is no public switch; aiohttp's own test client
    # sets this one.
    session._retry_connection = False  # noqa: SLF001
    return session


def _trace_config() -> aiohttp.TraceConfig:
    """Calls httpx's `trace` extension when a request has its connection, which is when it begins to leave."""

    async def begun(_session: aiohttp.ClientSession, context: SimpleNamespace, _details: object) -> None:
        await context.trace_request_ctx("http11.send_request_headers.started", {})

    config = aiohttp.TraceConfig()
    config.on_connection_create_end.append(begun)
    config.on_connection_reuseconn.append(begun)
    return config


class _Body(httpx.AsyncByteStream):
    """The body of a reply; its connection is reused only when the body was read to its end."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    # An iterator of its own: a generator would cost the event loop's bookkeeping for each reply.
    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._response.content.readany()
        except Exception as error:
            raise _as_httpx(error) from error
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


def _as_httpx(error: Exception) -> Exception:
    """What httpx's own transport would raise in its place."""
    message = str(error) or type(error).__name__
    # A connection that was never made. All other failures may have happened after the request had left.
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout(message)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError):
        return httpx.ConnectError(message)
    if isinstance(error, aiohttp.InvalidURL):
        return httpx.UnsupportedProtocol(message)
    if isinstance(error, aiohttp.ServerTimeoutError | asyncio.TimeoutError):
        return httpx.ReadTimeout(message)
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
        return httpx.ReadError(message)
    if isinstance(error, aiohttp.ClientPayloadError):
        return httpx.RemoteProtocolError("peer closed the connection without sending the whole body")
    if isinstance(error, aiohttp.ClientError):
        return httpx.RemoteProtocolError(message)
    return error
