"""Notices, and prevents, connections to anywhere but the server of a test."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ForeignConnectionError", "watched_connections"]

_EVENTS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", None, ""})


class ForeignConnectionError(OSError):
    """A connection to another host was attempted, and refused."""


class _Watch:
    """Hears of every connection that the process makes. Python lets no such hook be removed, so it falls silent."""

    def __init__(self) -> None:
        self.allowed: int | None = None
        self.seen: list[str] = []
        self.installed = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.allowed is None or event not in _EVENTS:
            return
        if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            host, port = arguments[0], self.allowed
        else:
            address = arguments[-1]
            if not isinstance(address, tuple):
                return
            host, port = address[0], address[1]
        host = host.decode() if isinstance(host, bytes) else host
        if host not in _LOOPBACK or port != self.allowed:
            shown = f"{host}:{port}" if event in ("socket.connect", "socket.sendto") else str(host)
            self.seen.append(shown)
            raise ForeignConnectionError(f"a connection to {shown} was attempted")


_watch = _Watch()


@contextmanager
def watched_connections(port: int) -> Iterator[list[str]]:
    """Allow connections to one port of this machine alone.

    Args:
        port: The server's.

    Yields:
        The addresses that were asked for besides; none of them was reached.

    Raises:
        RuntimeError: Connections are watched already.
    """
    if _watch.allowed is not None:
        raise RuntimeError("one bench at a time: the watch is for the whole process")
    if not _watch.installed:
        sys.addaudithook(_watch)
        _watch.installed = True
    _watch.seen, _watch.allowed = [], port
    try:
        yield _watch.seen
    finally:
        _watch.allowed = None
