"""Serves the application with uvicorn, until SIGINT or SIGTERM."""

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from modulex_mem0.runtime import Runtime
from modulex_mem0.server.app import create_app
from modulex_mem0.server.settings import ServerSettings

__all__ = ["ConsoleServer", "PortError", "serve"]

_BACKLOG = 1024
_GRACE = 2  # seconds that open requests have to finish when the server stops


class PortError(OSError):
    """The address cannot be used."""


class ConsoleServer(uvicorn.Server):
    """A uvicorn server on a socket that is already bound, which signals when it is ready.

    Args:
        settings: What to serve.
        runtime: Calls the actions; closed when the server stops. None makes one.
        announce: Called with the address once the server is ready.

    Attributes:
        base_url: Its address, without a trailing slash.
        ready: Set once it serves, or has failed to start.

    Raises:
        PortError: The address cannot be used.
    """

    def __init__(
        self, settings: ServerSettings, runtime: Runtime | None = None, announce: Callable[[str], None] | None = None
    ) -> None:
        self._announce = announce
        self._socket = _bind(settings)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self.base_url = f"http://{host}:{self._socket.getsockname()[1]}"
        self.ready = threading.Event()

        class Protocol(_BoundedProtocol):
            patience = settings.read_timeout

        super().__init__(
            uvicorn.Config(
                create_app(settings, runtime),
                http=Protocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE,
            )
        )

    def serve_until_exit(self) -> None:
        """Serve in this thread until a signal, or until `should_exit` is set."""
        try:
            self.run(sockets=[self._socket])
        finally:
            self.ready.set()
            self._socket.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then announce the address."""
        await super().startup(sockets)
        if self._announce is not None:
            self._announce(self.base_url)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM. Unlike uvicorn, do not raise the signal again: to stop on request is success."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


class _BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request's head does not arrive in time, which uvicorn leaves open for ever."""

    patience: float
    _impatient: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._impatient = self.loop.call_later(self.patience, self._close_if_silent)

    def on_headers_complete(self) -> None:
        if self._impatient is not None:
            self._impatient.cancel()
            self._impatient = None
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._impatient is not None:
            self._impatient.cancel()
        super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def serve(
    settings: ServerSettings, *, announce: Callable[[str], None] | None = None, runtime: Runtime | None = None
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM.

    Args:
        settings: What to serve.
        announce: Called with the address, without a trailing slash, once the server is ready.
        runtime: Calls the actions; closed when the server stops. None makes one.

    Raises:
        PortError: The address cannot be used.
    """
    ConsoleServer(settings, runtime, announce).serve_until_exit()


def _bind(settings: ServerSettings) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # The protocol is named because asyncio disables Nagle's algorithm only then.
        listener = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
    except UnicodeError as error:
        raise PortError(errno.EINVAL, "that is not the name of a machine") from error
    except OSError as error:
        raise PortError(error.errno, error.strerror) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortError(error.errno, error.strerror) from error
    return listener
