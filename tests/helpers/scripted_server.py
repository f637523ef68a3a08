"""A threaded HTTP server that replies as a test scripts it, wrongly if the test says so, and records the requests."""

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

PATIENCE = 20.0


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    #: The number of the TCP connection, from 1.
    connection: int

    def json(self) -> Any:
        return json.loads(self.body)


class Exchange:
    """A request and its connection, for a step of the script to reply on."""

    def __init__(self, server: "ScriptedServer", connection: socket.socket, request: Request) -> None:
        self.server = server
        self.request = request
        self.over = False
        self._connection = connection

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def close(self) -> None:
        """End the connection after what has been sent."""
        self.over = True

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.over = True


Step = Callable[[Exchange], None]


class ScriptedServer:
    """Serves on a loopback address while it is entered.

    Each request takes the next step of the script; the last step answers all later requests.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._steps: list[Step] = []
        self._tls = tls
        self._change = threading.Condition()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port: int = self._listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{shown}:{self.port}"

    def script(self, *steps: Step) -> None:
        """Set the steps and forget earlier requests."""
        with self._change:
            self._steps = list(steps)
            self.requests = []

    def wait_for_requests(self, count: int) -> None:
        """Wait until so many requests have arrived."""
        with self._change:
            assert self._change.wait_for(lambda: len(self.requests) >= count, PATIENCE), "the requests never came"

    def wait_until_left(self, *, but: int = 0) -> None:
        """Wait until the clients have closed all connections, but for so many at most."""
        with self._change:
            assert self._change.wait_for(lambda: len(self._open) <= but, PATIENCE), "a connection stayed open"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        # A connection wakes the accepting thread: closing a socket under `accept` does not.
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname()[:2]).close()
        with self._change:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        # Those that have ended are forgotten, for tests that look for what is left behind.
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.stopping.is_set():
                connection.close()
                return
            self.connections += 1
            self._start(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with self._change:
            self._open.add(connection)
        try:
            with contextlib.suppress(OSError):
                if self._tls:
                    secured = self._tls.wrap_socket(connection, server_side=True)
                    with self._change:
                        self._open.discard(connection)
                        self._open.add(secured)
                    connection = secured
                with connection.makefile("rb") as incoming:
                    while not self.stopping.is_set() and self._answer(connection, incoming, number):
                        pass
        finally:
            with self._change:
                self._open.discard(connection)
                self._change.notify_all()
            connection.close()

    def _answer(self, connection: socket.socket, incoming: Any, number: int) -> bool:
        request = _read(incoming, number)
        if request is None:
            return False
        with self._change:
            self.requests.append(request)
            step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
            self._change.notify_all()
        exchange = Exchange(self, connection, request)
        step(exchange)
        return not exchange.over


def _read(incoming: Any, number: int) -> Request | None:
    first = incoming.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := incoming.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = incoming.read(int(headers.get("content-length", "0")))
    return Request(first[0], first[1], headers, body, number)
