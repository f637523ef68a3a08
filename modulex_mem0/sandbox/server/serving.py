"""Serves the sandbox with uvicorn, in this thread."""

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from modulex_mem0.sandbox.faults.protocol import SandboxProtocol
from modulex_mem0.sandbox.search.vectors import choose_mode
from modulex_mem0.sandbox.server.app import create_app
from modulex_mem0.sandbox.settings import SandboxSettings, StartError
from modulex_mem0.sandbox.store.database import Database

__all__ = ["PortError", "SandboxServer", "banner", "serve"]

_BACKLOG = 1024
_GRACE = 2  # seconds that open requests have to finish when the server stops


class PortError(StartError, OSError):
    """The port cannot be used; the message names it."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        super().__init__(error.errno, f"port {port} of {host}: {error.strerror}")

    def __str__(self) -> str:
        return str(self.strerror)


def serve(settings: SandboxSettings | None = None) -> None:
    """Serve in the foreground until SIGINT or SIGTERM, with a banner on standard error.

    Raises:
        StartError: The sandbox cannot start: the port, a file or a package is missing or cannot be used.
    """
    settings = settings or SandboxSettings()

    def greet(base_url: str) -> None:
        sys.stderr.write(banner(settings, base_url))
        sys.stderr.flush()

    SandboxServer(settings, greet).serve_until_exit()


def banner(settings: SandboxSettings, base_url: str) -> str:
    """What the sandbox prints when it starts: where it is, in lines to paste into a shell, and what it is not."""
    first, *others = (key.partition("=")[0] for key in settings.keys)
    kept = "in memory, until it stops" if settings.data is None else f"in {settings.data}"
    lines = [
        "Mem0 sandbox",
        f"  export MEM0_BASE_URL={base_url} MEM0_API_KEY={first}",
        *(f"  export MEM0_BASE_URL={base_url} MEM0_API_KEY={key}" for key in others),
        f"  search   {choose_mode(settings.search_mode)}",
        f"  data     {kept}",
        f"  delay    an asynchronous add is done after {settings.delay:g} s",
    ]
    if settings.faults is not None:
        lines.append(f"  faults   {settings.faults}")
    if settings.allow_fault_control:
        lines.append(f"  control  {base_url}/_sandbox/faults and /_sandbox/webhooks (open, no key)")
    if settings.allow_remote_webhooks:
        lines.append("  webhooks may call other machines")
    if settings.seed is not None:
        lines.append(f"  seed     {settings.seed}")
    if settings.record is not None:
        lines.append(f"  record   {settings.record}")
    return "\n".join([*lines, "Extraction here is rule-based; there is no language model.", "Ctrl+C stops it.", ""])


class SandboxServer(uvicorn.Server):
    """A uvicorn server on a socket that is already bound, which signals when it is ready.

    Attributes:
        app: The application that it serves.
        ready: Set once it serves, or has failed to start.
        base_url: Its address, without a trailing slash.
    """

    def __init__(self, settings: SandboxSettings, greeting: Callable[[str], None] | None = None) -> None:
        """Check the settings against this machine, and bind the socket.

        Args:
            settings: What to serve.
            greeting: Called with `base_url` once the server is ready.

        Raises:
            PortError: The port cannot be used.
            DataFileError: The data file cannot be used.
            FaultsError: The faults file cannot be used.
            SeedError: The file of memories to start with cannot be used.
            RecordingError: The file to record to cannot be written.
            MissingEmbedderError: Semantic search was asked for and its package is not installed.
        """
        self._greeting = greeting
        self.app: Starlette = create_app(settings)
        choose_mode(settings.search_mode)
        if settings.data is not None:
            # Tried here, a bad file is an error for the caller; inside uvicorn it would be a traceback in the log.
            Database.open(settings.data).close()
        self.ready = threading.Event()
        self._socket = _bind(settings)
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

    def serve_until_exit(self) -> None:
        """Serve in this thread until `should_exit` is set.

        Raises:
            Exception: The application failed to start.
        """
        try:
            self.run(sockets=[self._socket])
        except SystemExit:
            # How uvicorn reports that the application did not start; the application keeps the reason.
            failure: BaseException | None = self.app.state.failure
            if failure is None:
                raise
            raise failure from None
        finally:
            self.ready.set()
            self._socket.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then greet and set `ready`."""
        await super().startup(sockets)
        if self._greeting is not None:
            self._greeting(self.base_url)
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


def _bind(settings: SandboxSettings) -> socket.socket:
    # The protocol is named because asyncio disables Nagle's algorithm only then; enabled, it adds 40 ms to a reply.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortError(settings.host, settings.port, error) from error
    return listener
