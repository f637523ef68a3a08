"""A transport over httpx's, which every installation has; and the contract's errors for httpx's exceptions."""

import asyncio
import os
import ssl
from functools import cache
from typing import Any

import httpx

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.credentials import Service
from modulex_mem0.runtime.http.body import Body
from modulex_mem0.runtime.http.errors import (
    AddressError,
    ConnectionBrokenError,
    ConnectTimeoutError,
    NotConnectedError,
    NotHttpError,
    ReplyTimeoutError,
    TransportError,
    error_from_transport,
)
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.http.transport import COMMON_HEADERS, Request, Response
from modulex_mem0.runtime.redaction import NO_SECRETS
from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = ["HttpxTransport", "error_from_httpx"]

# httpx has one exception for a connection that ended early and for a reply that is not HTTP; only the words differ.
_ENDED_EARLY = ("disconnected", "closed")


class HttpxTransport:
    """Implements `Transport` over `httpx.AsyncHTTPTransport`.

    An `httpx.AsyncClient` around it would add redirects, cookies and a look at the environment for each request.

    Args:
        service: Where all requests go, and their headers.
        settings: For the connections that are kept.
        proxy: The URL of a proxy.

    Raises:
        Exception: The proxy or the certificates cannot be used.
    """

    def __init__(self, service: Service, settings: RuntimeSettings, proxy: str | None) -> None:
        # Plain http needs no certificates: a context without any spares reading them.
        context = _no_certificates() if service.scheme == "http" else _certificates(settings.trust_env)
        limits = httpx.Limits(
            # The pool decides how many requests may be in flight before one comes here.
            max_connections=None,
            max_keepalive_connections=settings.max_keepalive,
            keepalive_expiry=settings.keepalive_expiry,
        )
        self._transport = httpx.AsyncHTTPTransport(verify=context, limits=limits, proxy=proxy)
        # There is no public way to look at httpcore's connections; where this one is gone, less is found and closed.
        self._pool: Any = getattr(self._transport, "_pool", None)
        pairs = (*COMMON_HEADERS, *service.headers.items())
        self._headers = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in pairs]

    async def exchange(self, request: Request, limit: int) -> Response:
        """See `Transport`."""
        try:
            return await self._exchange(request, limit)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise _as_transport_error(error) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _exchange(self, request: Request, limit: int) -> Response:
        url = httpx.URL(request.url)
        headers = [(b"host", url.netloc), *self._headers]
        content = request.body
        if content is not None:
            headers.append((b"content-type", b"application/json"))
        if content is not None or request.method not in ("GET", "DELETE"):
            headers.append((b"content-length", b"%d" % len(content or b"")))
        # Only connecting has a timeout of its own: the rest ends at the call's deadline.
        timeouts = {"connect": request.connect_timeout}
        extensions: dict[str, Any] = {"timeout": timeouts}
        trace = _Trace(request)
        if request.must_not_repeat or not self._has_idle_connection():
            extensions["trace"] = trace
        else:
            # Tracing takes time, and a kept connection needs none.
            request.may_be_sent = True
        content_stream = httpx.ByteStream(content or b"")
        try:
            response = await self._transport.handle_async_request(
                httpx.Request(request.method, url, headers=headers, stream=content_stream, extensions=extensions)
            )
            stream: Any = response.stream
            try:
                header = response.headers.get
                body = Body(response.status_code, header("content-encoding"), header("content-length"), limit)
                async for chunk in stream:
                    await body.add(chunk)
                await _close_if_more_came(response)
            finally:
                # The response's own `aclose` adds only what matters to httpx's client.
                await stream.aclose()
        except asyncio.CancelledError:
            await self._close_what_is_left(trace.opened, timeouts)
            raise
        return Response(response.status_code, header, body.finish())

    def _has_idle_connection(self) -> bool:
        return any(connection.is_idle() for connection in getattr(self._pool, "connections", ()))

    async def _close_what_is_left(self, opened: list[Any], timeouts: dict[str, float]) -> None:
        """Close the connection of a cancelled request that httpcore lost between two of its steps.

        It shields its cleanup from cancellation by anyio and Trio, but not by asyncio.

        Args:
            opened: What the request's trace has seen.
            timeouts: The request's own, by which it is recognised.
        """
        requests: Any = getattr(self._pool, "_requests", None)
        for own in [one for one in requests or () if one.request.extensions["timeout"] is timeouts]:
            requests.remove(own)
        used = {id(one.connection) for one in requests or ()}
        lost = [
            connection
            for connection in (() if requests is None else self._pool.connections)
            if not (id(connection) in used or connection.is_idle() or connection.is_closed())
        ]
        for connection in (*opened, *lost):
            await connection.aclose()


class _Trace:
    """Follows a request through httpcore: the connection that it opens, and whether it may have been sent."""

    __slots__ = ("_request", "opened")

    def __init__(self, request: Request) -> None:
        self._request = request
        #: The connection before TLS and after.
        self.opened: list[Any] = []

    async def __call__(self, event: str, details: dict[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self._request.may_be_sent = True
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.opened.append(details["return_value"])


async def _close_if_more_came(response: httpx.Response) -> None:
    """Close a connection that holds bytes after its reply: httpcore would take them for the next reply.

    Bytes that come later are found by httpcore, which looks whether an idle connection is readable.
    """
    connection = response.extensions.get("network_stream")
    if connection is None:
        # Something stands in for httpx's transport, as tests of other people's tools do.
        return
    # There is no public way to look; where this one is gone, no connection is kept.
    state = response.stream
    for name in ("_httpcore_stream", "_stream", "_connection", "_h11_state"):
        state = getattr(state, name, None)  # type: ignore[assignment]
    if getattr(state, "trailing_data", None) != (b"", False):
        await connection.aclose()


@cache
def _no_certificates() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _certificates(trust_env: bool) -> ssl.SSLContext:
    named = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")) if trust_env else None
    return _read_certificates(named)


@cache
def _read_certificates(named: tuple[str | None, str | None] | None) -> ssl.SSLContext:
    """One context for all connections: reading the certificates takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=named is not None)


def _as_transport_error(error: Exception) -> TransportError:
    message = str(error) or type(error).__name__
    # Raised before any of the request has left.
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        return AddressError(message)
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return ConnectTimeoutError(message)
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return NotConnectedError(message)
    if isinstance(error, httpx.TimeoutException):
        return ReplyTimeoutError(message)
    if isinstance(error, httpx.RemoteProtocolError) and not any(words in message for words in _ENDED_EARLY):
        return NotHttpError(message)
    if isinstance(error, httpx.RemoteProtocolError | httpx.NetworkError):
        return ConnectionBrokenError(message)
    return TransportError(message)


def error_from_httpx(error: httpx.HTTPError) -> ActionError:
    """The contract's error for an exception that httpx raised in code that sends its own requests.

    Whether those requests are safe to repeat is not known, so one that was not answered is `outcome_unknown`. A status
    gives its code, and the body of its reply the message, in which the runtime masks the credential's secrets.
    """
    if isinstance(error, httpx.DecodingError):
        return ActionError(ErrorCode.BAD_RESPONSE, "the reply's compression is broken")
    if not isinstance(error, httpx.HTTPStatusError):
        return error_from_transport(_as_transport_error(error), safe_to_retry=False)
    response = error.response
    body = response.content if response.is_closed else b""
    try:
        HttpReply(response.status_code, response.headers.get, body, NO_SECRETS).require_success()
    except ActionError as refusal:
        return refusal
    return ActionError(ErrorCode.BAD_RESPONSE, f"the tool did not expect HTTP {response.status_code}")
