"""uvicorn's HTTP protocol, extended so that a fault can break the connection under a request."""

import asyncio
import socket
import struct
from collections.abc import MutableMapping
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

__all__ = ["CONNECTION_KEY", "Connection", "SandboxProtocol"]

CONNECTION_KEY = "modulex_mem0.sandbox.connection"
"""Key of the `Connection` in the ASGI scope of a request."""


class Connection:
    """The TCP connection under a request."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def reset(self) -> None:
        """Drop the connection so that the client sees a reset, not an end."""
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            # With a linger time of 0 the kernel sends RST instead of FIN.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    @property
    def closed(self) -> bool:
        """Whether nothing more can be sent."""
        return self._transport.is_closing()

    def end(self) -> None:
        """Send what is buffered and close, whether or not the response is complete."""
        self._transport.close()


class SandboxProtocol(H11Protocol):
    """Puts a `Connection` into the scope of each request: uvicorn gives applications no access to its transport."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.access_log = False  # here, because uvicorn's own switch changes a logger of the whole process
        inner = self.app

        async def with_connection(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401
            scope[CONNECTION_KEY] = Connection(self.transport)
            await inner(scope, receive, send)

        self.app = with_connection
