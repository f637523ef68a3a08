"""What one client can take of the HTTP server: connections, time, bytes and lines of its log."""

import asyncio
import logging
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

try:
    import resource
except ImportError:  # pragma: no cover - Windows, where a process may open thousands of sockets
    resource = None  # type: ignore[assignment]

__all__ = ["Connections", "HttpLimits", "bounded_log"]

_LONGEST_LINE = 500
_LINES = 20
_LINES_PERIOD = 10.0
_LIBRARIES = frozenset({"asyncio", "mcp", "sse_starlette", "starlette", "uvicorn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """What one client can take of the server.

    Attributes:
        connections: At once. Where the process may open few files, at most a third as many as it may open. One more
            closes the connection that has been idle or half-sent for the longest time.
        request_bytes: The largest body of a request; a larger one is refused with 413 before it is read.
        request_values: The most values in the JSON of a request, at any depth; more are refused with 413, too.
        receive_seconds: How long a connection may wait for a whole request: its first, or the next after a reply.
        send_seconds: How long a client may not read what is sent to it.
    """

    connections: int = 256
    request_bytes: int = 1024 * 1024
    request_values: int = 100_000
    receive_seconds: float = 10.0
    send_seconds: float = 30.0

    @property
    def affordable_connections(self) -> int:
        """The number of connections that the process's limit on open files allows."""
        if resource is None:  # pragma: no cover - Windows
            return self.connections
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return self.connections if files == resource.RLIM_INFINITY else max(1, min(self.connections, files // 3))


class Connections:
    """The open connections, those that wait for a request in the order in which they began to wait."""

    def __init__(self, limits: HttpLimits) -> None:
        self.limits = limits
        self.most = limits.affordable_connections
        self.open: set[_Connection] = set()
        self.waiting: dict[_Connection, None] = {}

    @property
    def protocol(self) -> type["_Connection"]:
        """A protocol class whose connections are these: uvicorn makes the instances itself."""
        return type("Connection", (_Connection,), {"all": self})

    def admit(self, connection: "_Connection") -> None:
        """Take in a connection, in place of the one that has waited longest if there are too many."""
        self.open.add(connection)
        if len(self.open) <= self.most:
            return
        longest = next(iter(self.waiting), connection)
        self.forget(longest)
        longest.transport.abort()

    def forget(self, connection: "_Connection") -> None:
        """Count a connection no longer."""
        self.open.discard(connection)
        self.waiting.pop(connection, None)


class _Connection(H11Protocol):
    """A connection that is closed if a request does not arrive, or if a reply is not read, in time."""

    all: Connections
    _receiving: asyncio.TimerHandle | None = None
    _sending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()
        self.all.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.all.forget(self)
        self._stop_receiving()
        self._stop_sending()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._sending = self.loop.call_later(self.all.limits.send_seconds, self._reset)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_sending()

    def _watch(self) -> None:
        """Start the timer when the connection begins to wait for a request, and stop it when the request is there."""
        cycle: RequestResponseCycle | None = self.cycle
        arrived = cycle is not None and not cycle.more_body and not cycle.response_complete
        if arrived or self.transport.is_closing():
            self._stop_receiving()
        elif self._receiving is None:
            self.all.waiting[self] = None
            self._receiving = self.loop.call_later(self.all.limits.receive_seconds, self._give_up)

    def _stop_receiving(self) -> None:
        self.all.waiting.pop(self, None)
        if self._receiving is not None:
            self._receiving.cancel()
            self._receiving = None

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _give_up(self) -> None:
        self._receiving = None
        self.transport.abort()

    def _reset(self) -> None:
        """Close the connection without leaving to the system what the client does not read."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class _LogLimit(logging.Filter):
    """Cuts long lines of the server's libraries, and drops those of a logger that writes too many in a period.

    Each handler has its own, since a record comes to all of them.
    Clients without a key can cause such lines. Each of our own lines belongs to a call, and is not counted.
    """

    def __init__(self) -> None:
        super().__init__()
        self._since = time.monotonic()
        self._written: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in _LIBRARIES:
            return True
        now = time.monotonic()
        if now - self._since > _LINES_PERIOD:
            self._since = now
            self._written.clear()
        self._written[record.name] += 1
        written = self._written[record.name]
        message = record.getMessage()
        if len(message) > _LONGEST_LINE:
            message = f"{message[:_LONGEST_LINE]}…"
        note = f" (no more lines of {record.name} for {_LINES_PERIOD:.0f} s)"
        # The handler before this one may have said so.
        if written == _LINES and not message.endswith(note):
            message += note
        record.msg, record.args = message, None
        return written <= _LINES


@contextmanager
def bounded_log() -> Iterator[None]:
    """Bound what the log of this process says while the block runs, whoever set it up."""
    handlers = [*logging.getLogger().handlers, *([logging.lastResort] if logging.lastResort else [])]
    limits = [(handler, _LogLimit()) for handler in handlers]
    for handler, limit in limits:
        handler.addFilter(limit)
    try:
        yield
    finally:
        for handler, limit in limits:
            handler.removeFilter(limit)
