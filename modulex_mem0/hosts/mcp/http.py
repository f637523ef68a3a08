"""The HTTP server: listens, refuses requests that name another server, and ends on a signal."""

import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import uvicorn
from mcp.server import Server
from mcp.server.transport_security import TransportSecuritySettings

from modulex_mem0.hosts.mcp.address import Address
from modulex_mem0.hosts.mcp.http_app import PATH, HttpApp
from modulex_mem0.hosts.mcp.http_limits import Connections, HttpLimits, bounded_log

__all__ = ["serve_http"]

_GRACE = 2  # seconds that open requests have to finish after a stop signal
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
# asyncio accepts this many connections at once before they are counted, and needs a descriptor for each.
_ACCEPT_AT_ONCE = 16
_BACKLOG = 256


async def serve_http(
    server: Server[Any],
    address: Address,
    *,
    allowed_hosts: Iterable[str] = (),
    announce: Callable[[str], None],
    limits: HttpLimits | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    There are no sessions: each request stands for itself, with or without the handshake of older clients, and nothing
    of it stays. A client that accepts `text/event-stream` is answered with a stream, which carries progress too; any
    other with JSON.

    A request whose `Host` or `Origin` header names another server is refused: it may come from a web page that made
    its own name resolve to this machine (DNS rebinding).

    Args:
        server: The server.
        address: Where to listen; port 0 takes a free port.
        allowed_hosts: More names that clients reach the server by, with or without a port.
        announce: Called with the URL when the server is ready.
        limits: The defaults suit a server for one machine or one team.

    Raises:
        OSError: The address cannot be bound.
    """
    limits = limits or HttpLimits()
    with closing(_bind(address)) as listener, bounded_log():
        bound = Address(address.host, listener.getsockname()[1])
        app = HttpApp(server, limits, security=_security(bound, allowed_hosts), path=PATH)
        connections = Connections(limits)
        config = uvicorn.Config(
            app,
            # The access log goes to standard output, and uvicorn's logging configuration would replace the operator's.
            access_log=False,
            backlog=_ACCEPT_AT_ONCE,
            http=connections.protocol,
            lifespan="off",
            # Calls whose clients have gone count too.
            limit_concurrency=connections.most + 1,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
            ws="none",
        )
        async with app:
            await _HttpServer(config, lambda: announce(f"http://{bound.authority}{PATH}")).serve(sockets=[listener])


class _HttpServer(uvicorn.Server):
    """A uvicorn server that reports when it is ready, and that returns normally after a stop signal."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            # The system may keep more waiting than are accepted at once.
            listener.listen(_BACKLOG)
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
