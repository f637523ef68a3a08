"""The server's side of a connection: finds the end of each request and writes the reply for its path."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.server.replies import reply_bytes

__all__ = ["COUNTS", "CannedProtocol", "Counts"]

#: Answers with what the server has counted; a request for it is not counted.
COUNTS = b"GET /counts"

_NOT_FOUND = reply_bytes({"detail": "Not found."}, b"404 Not Found")


@dataclass(slots=True)
class Counts:
    """What the server saw so far, for all its ports together."""

    calls: int = 0
    opened: int = 0

    def reply(self) -> bytes:
        """The counts, with the CPU time that the server has used."""
        return reply_bytes({"calls": self.calls, "opened": self.opened, "cpu": time.process_time()})


class CannedProtocol(asyncio.Protocol):
    """One connection, kept alive for as long as the client wants it."""

    __slots__ = ("_buffer", "_counts", "_replies", "_transport")

    _transport: asyncio.Transport

    def __init__(self, replies: dict[bytes, bytes], counts: Counts) -> None:
        self._replies = replies
        self._counts = counts
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._counts.opened += 1

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete; keep the rest for the next piece."""
        buffer = self._buffer + data if self._buffer else data
        while buffer:
            end = _end_of_request(buffer)
            if end is None or end > len(buffer):
                break
            self._answer(buffer)
            buffer = buffer[end:]
        self._buffer = buffer

    def _answer(self, buffer: bytes) -> None:
        target = buffer[: buffer.index(b" HTTP/1.1\r\n")].partition(b"?")[0]
        if target == COUNTS:
            self._transport.write(self._counts.reply())
            return
        self._counts.calls += 1
        self._transport.write(self._replies.get(target, _NOT_FOUND))


def _end_of_request(buffer: bytes) -> int | None:
    """Where the first request ends, which may lie beyond what has come; None where its head is not yet complete."""
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return None
    # Clients write the name in capitals or not; one of the two is found at once.
    field = buffer.find(b"ontent-", 0, head)
    while field >= 0:
        if buffer[field + 7 : field + 14].lower() == b"length:":
            return head + 4 + int(buffer[field + 14 : buffer.index(b"\r\n", field)])
        field = buffer.find(b"ontent-", field + 7, head)
    return head + 4
