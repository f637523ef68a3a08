"""The transports of MCP: standard input and output, and streamable HTTP."""

import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, redirect_stdout
from typing import Any, NamedTuple, Self

import uvicorn
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings

__all__ = ["Address", "serve_http", "serve_stdio"]

logger = logging.getLogger(__name__)

_PATH = "/mcp"
_BACKLOG = 256
_GRACE = 2  # seconds that open requests have to finish after a stop signal
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


async def serve_stdio(server: Server[Any]) -> None:
    """Serve until standard input or output is closed. Anything else that is printed goes to standard error.

    SIGINT ends the process at once, as SIGTERM does: the SDK waits for the next line of input in a thread that cannot
    be interrupted.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        async with stdio_server() as (read, write):
            # The SDK redirects the descriptor, but Python would still flush its own buffer to it after the end.
            with redirect_stdout(sys.stderr):
                await server.run(read, write, server.create_initialization_options())
    except* BrokenPipeError:
        logger.info("the client has disconnected")


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `HOST:PORT`, with an IPv6 host in brackets.

        Raises:
            ValueError: It is not of this form.
        """
        host, _, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        bare = host[1:-1] if bracketed else host
        sound = bare and bracketed == (":" in bare) and port.isascii() and port.isdigit() and int(port) <= 65535
        if not sound:
            raise ValueError(f"{text!r} is not of the form HOST:PORT, as in 127.0.0.1:8000 or [::1]:8000")
        return cls(bare, int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it. Of names, only `localhost` counts."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def authority(self) -> str:
        """The address as part of a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


async def serve_http(
    server: Server[Any], address: Address, *, allowed_hosts: Iterable[str] = (), announce: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM.

    A request whose `Host` or `Origin` header names another server is refused: it may come from a web page that made
    its own name resolve to this machine (DNS rebinding).

    Args:
        server: The server.
        address: Where to listen; port 0 takes a free port.
        allowed_hosts: More names that clients reach the server by, with or without a port.
        announce: Called with the URL when the server is ready.

    Raises:
        OSError: The address cannot be bound.
    """
    with closing(_bind(address)) as listener:
        bound = Address(address.host, listener.getsockname()[1])
        app = server.streamable_http_app(
            streamable_http_path=_PATH, host=address.host, transport_security=_security(bound, allowed_hosts)
        )
        config = uvicorn.Config(
            app,
            # The access log goes to standard output, and uvicorn's logging configuration would replace the operator's.
            access_log=False,
            log_config=None,
            lifespan="on",
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
            ws="none",
        )
        await _HttpServer(config, lambda: announce(f"http://{bound.authority}{_PATH}")).serve(sockets=[listener])


class _HttpServer(uvicorn.Server):
    """A uvicorn server that reports when it is ready, and that returns normally after a stop signal."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        previous = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def _bind(address: Address) -> socket.socket:
    family, kind, _, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _security(address: Address, allowed_hosts: Iterable[str]) -> TransportSecuritySettings:
    own = [] if address.host in _WILDCARDS else [address.authority.rpartition(":")[0]]
    names = list(dict.fromkeys([*_LOOPBACK, *own, *allowed_hosts]))
    # A name is allowed as it is and, if it has no port, with any port.
    hosts = [form for name in names for form in (name, f"{name}:*")]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=hosts,
        allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts],
    )
