"""A transport over pyreqwest (Rust's reqwest and hyper), which costs a half to a sixth of httpcore."""

import atexit
import os
import time
from datetime import timedelta

from pyreqwest import exceptions
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.request import StreamRequest

from modulex_mem0.runtime.credentials import Service
from modulex_mem0.runtime.http.body import Body
from modulex_mem0.runtime.http.errors import (
    AddressError,
    ConnectionBrokenError,
    ConnectTimeoutError,
    NotConnectedError,
    NotHttpError,
    TransportError,
)
from modulex_mem0.runtime.http.transport import COMMON_HEADERS, Request, Response
from modulex_mem0.runtime.settings import LARGE_BODY, RuntimeSettings

__all__ = ["PyreqwestTransport", "open_transport"]

# A request that must not be repeated connects within one of these times if its deadline is near: only pyreqwest's own
# timeout says that nothing was sent. A client has one such time.
_SHORTEST_CONNECT = 0.05
# The library goes on with a request whose task was cancelled: on a connection that nobody waits for, until a service
# answers that may never do so. Its own timeout ends that, this many seconds after the request's deadline, so that it is
# never the timeout that a caller sees.
_MARGIN = 1.0
# Stands around the reason why a body could not be read, whatever it was.
_READING = "error reading a body from connection"
# The library's thread lets go of Python objects a moment after a reply. If the interpreter has begun to end by then,
# the process aborts ("PyGILState_Release"; half of all programs that end right after a request, on 3.11 and 3.12), so
# it gets this many seconds first, which is a hundred times what it needs.
_BEFORE_EXIT = 0.03


class _Library:
    """Whether the library can be used here. Its threads do not survive a fork."""

    used = False
    lost = False

    @classmethod
    def after_fork(cls) -> None:
        cls.lost = cls.lost or cls.used

    @classmethod
    def before_exit(cls) -> None:
        if cls.used and not cls.lost:
            time.sleep(_BEFORE_EXIT)


# Registered when the module is imported: what is registered later runs before, and may still make calls.
atexit.register(_Library.before_exit)

if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_Library.after_fork)


def open_transport(service: Service, settings: RuntimeSettings) -> "PyreqwestTransport | None":
    """Open a transport, where the library can be used.

    Returns:
        None in a fork of a process that has used it, and without usable certificates.
    """
    if _Library.lost:
        return None
    _Library.used = True
    try:
        return PyreqwestTransport(service, settings)
    except exceptions.BuilderError:
        # httpx brings certificates, and says what is wrong with those that the environment names.
        return None


class PyreqwestTransport:
    """Implements `Transport`. All its clients in a process share one thread.

    hyper closes a connection on which bytes arrive that belong to no reply.

    Args:
        service: Where all requests go, and their headers.
        settings: For the connections that are kept.

    Raises:
        BuilderError: The certificates cannot be used.
    """

    def __init__(self, service: Service, settings: RuntimeSettings) -> None:
        self._connect_timeout = settings.connect_timeout
        self._idle = (settings.keepalive_expiry, settings.max_keepalive)
        self._encrypted = service.scheme == "https"
        self._headers = [*COMMON_HEADERS, *service.headers.items()]
        self._client = self._build(self._connect_timeout)
        self._hasty: dict[float, Client] = {}

    async def exchange(self, request: Request, limit: int) -> Response:
        """See `Transport`."""
        try:
            streamed = self._streamed(request)
        except ValueError as error:
            raise AddressError(_causes(error)) from None
        # When it begins to leave cannot be seen, so from here on it may have been sent.
        request.may_be_sent = True
        try:
            async with streamed as response:
                status, length = response.status, response.get_header("content-length")
                encoding = response.get_header("content-encoding")
                if encoding is None and _fits(length, limit):
                    content = (await response.bytes()).to_bytes()
                else:
                    body = Body(status, encoding, length, limit)
                    while chunk := await response.body_reader.read_chunk():
                        await body.add(chunk.to_bytes())
                    content = body.finish()
        except exceptions.PyreqwestError as error:
            raise _as_transport_error(error) from error

        def header(name: str) -> str | None:
            try:
                return response.get_header(name)
            except ValueError:
                # Bytes that are not ASCII.
                return None

        return Response(status, header, content)

    async def aclose(self) -> None:
        """Close the connections."""
        for client in (self._client, *self._hasty.values()):
            await client.close()

    def _streamed(self, request: Request) -> StreamRequest:
        client = self._client
        if request.must_not_repeat and request.connect_timeout < self._connect_timeout:
            client = self._hasty_client(request.connect_timeout)
        builder = client.request(request.method, request.url).timeout(timedelta(seconds=request.timeout + _MARGIN))
        if request.body is not None:
            return builder.header("content-type", "application/json").body_bytes(request.body).build_streamed()
        # Without a body, these two have no length either.
        return (builder if request.method in ("GET", "DELETE") else builder.body_bytes(b"")).build_streamed()

    def _hasty_client(self, seconds: float) -> Client:
        """The client whose time to connect is the longest one within the given time, of a few."""
        allowed = self._connect_timeout
        while allowed > max(seconds, _SHORTEST_CONNECT):
            allowed /= 2
        client = self._hasty.get(allowed)
        if client is None:
            client = self._hasty[allowed] = self._build(allowed)
        return client

    def _build(self, connect_timeout: float) -> Client:
        keepalive_expiry, max_keepalive = self._idle
        builder = (
            ClientBuilder()
            .no_proxy()
            .follow_redirects(False)
            .referer(False)
            .gzip(False)
            .deflate(False)
            .brotli(False)
            .zstd(False)
            .connect_timeout(timedelta(seconds=connect_timeout))
            .pool_idle_timeout(timedelta(seconds=keepalive_expiry))
            .pool_max_idle_per_host(max_keepalive)
            .default_headers(self._headers)
        )
        if self._encrypted:
            return builder.https_only(True).build()
        # Sends plain http only, to loopback. Without this the client would read 150 certificates: 5 ms.
        return builder.danger_accept_invalid_certs(True).build()


def _fits(length: str | None, limit: int) -> bool:
    """Whether a body's declared length allows to read it in one piece."""
    return length is not None and len(length) < 10 and length.isdecimal() and int(length) <= min(limit, LARGE_BODY * 16)


def _causes(error: BaseException) -> str:
    """What an exception says, without the address, which may hold a secret."""
    details = getattr(error, "details", None)
    causes = (details.get("causes") if isinstance(details, dict) else None) or ()
    said = [cause["message"] for cause in causes if " for url (" not in cause["message"]]
    return ": ".join(said[-2:]) or type(error).__name__


def _as_transport_error(error: exceptions.PyreqwestError) -> TransportError:
    details = getattr(error, "details", None) or {}
    messages = [cause["message"] for cause in details.get("causes") or ()]
    said = _causes(error)
    # `ConnectError` is raised for connections that broke after sending, too.
    if "client error (Connect)" in messages:
        return ConnectTimeoutError(said) if isinstance(error, TimeoutError) else NotConnectedError(said)
    if isinstance(error, exceptions.BuilderError):
        return AddressError(said)
    if isinstance(error, exceptions.DecodeError):
        inner = [message for message in messages if message != _READING]
        ended = any("end of file" in message or "connection" in message.lower() for message in inner)
        return ConnectionBrokenError("the connection ended before the reply") if ended else NotHttpError(said)
    return ConnectionBrokenError(said)
