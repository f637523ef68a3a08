"""Serving the sandbox with uvicorn, in this thread."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from modulex_mem0.sandbox.app import create_app
from modulex_mem0.sandbox.banner import banner
from modulex_mem0.sandbox.database import Database
from modulex_mem0.sandbox.embedder import choose_mode
from modulex_mem0.sandbox.protocol import SandboxProtocol
from modulex_mem0.sandbox.settings import SandboxSettings

_BACKLOG = 1024
_GRACE = 2  # seconds that open requests have to finish once the server is told to stop


class SandboxServer(uvicorn.Server):
    """A uvicorn server on a socket that is already bound, which says when it is ready.

    Attributes:
        app: The application that is served.
        ready: Set once it serves, or has given up.
        base_url: Where it serves, without a trailing slash.
    """

    def __init__(self, settings: SandboxSettings, greeting: Callable[[str], None] | None = None) -> None:
        """Check the settings against this machine, and bind the socket.

        Args:
            settings: What to serve.
            greeting: Is called with ``base_url`` once the server is ready.

        Raises:
            OSError: The port cannot be had.
            DataFileError: The data file cannot be used.
            FaultsError: The faults file cannot be used.
            MissingEmbedderError: Semantic search was asked for and cannot be had.
        """
        self._greeting = greeting
        self.app: Starlette = create_app(settings)
        choose_mode(settings.search_mode)
        if settings.data is not None:
            # Found out here, it is an error of the caller's; inside uvicorn it would be a traceback in the log.
            Database.open(settings.data).close()
        self.ready = threading.Event()
        self._socket = _bound(settings)
        self.base_url = f"http://{settings.host}:{self._socket.getsockname()[1]}"
        super().__init__(
            uvicorn.Config(
                self.app,
                http=SandboxProtocol,
                ws="none",
                lifespan="on",
                log_config=None,
                server_header=False,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=_GRACE,
            )
        )

    def serve_until_told(self) -> None:
        """Serve in this thread until ``should_exit`` is set.

        Raises:
            Exception: What the application could not start for.
        """
        try:
            self.run(sockets=[self._socket])
        except SystemExit:
            # uvicorn's way to say that the application did not start; the reason is with the application.
            failure: BaseException | None = self.app.state.failure
            if failure is None:
                raise
            raise failure from None
        finally:
            self.ready.set()
            self._socket.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        await super().startup(sockets)
        if self._greeting is not None:
            self._greeting(self.base_url)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM. Unlike uvicorn, do not then die of the signal: a stop asked for is a success."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def serve(settings: SandboxSettings | None = None) -> None:
    """Serve in the foreground until SIGINT or SIGTERM, with a banner on standard error.

    Raises:
        OSError: The port cannot be had.
        DataFileError: The data file cannot be used.
        MissingEmbedderError: Semantic search was asked for and cannot be had.
        FaultsError: The faults file cannot be used.
    """
    settings = settings or SandboxSettings()

    def greet(base_url: str) -> None:
        sys.stderr.write(banner(settings, base_url))
        sys.stderr.flush()

    SandboxServer(settings, greet).serve_until_told()


def _bound(settings: SandboxSettings) -> socket.socket:
    # The protocol is named because asyncio switches Nagle's algorithm off only where it is; on, it costs 40 ms a reply.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
