"""The server that answers every contender: `python -m benchmarks.server CERTIFICATE`.

It parses just enough of a request to find its end, and replies with bytes made beforehand. For each line on its input
it prints its ports and the CPU seconds it has used; it ends with its input.
"""

import asyncio
import gc
import json
import re
import ssl
import sys
import time
from random import Random
from typing import Any, Final
from uuid import UUID

__all__ = ["SEARCH", "USER", "canned_replies"]

#: The user to whom every record belongs, and for whom every contender searches.
USER: Final = "alice@example.com"
#: A search's request line, without the version.
SEARCH: Final = b"POST /v3/memories/search/"

# Each number of records has a port of its own, so that a reply does not depend on the request's body.
_RECORDS: Final = (10, 200, 1000)
_LENGTH: Final = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *(\d+)\r\n")
_TEXT: Final = (
    "prefers vegetarian food and cooks twice a week for friends who live nearby likes to travel by train in spring"
    " works as an architect keeps a garden with tomatoes reads about history plays the cello on Sunday mornings"
)


class _Connection(asyncio.Protocol):
    """One connection, kept alive for as long as the client wants it."""

    _transport: asyncio.Transport

    def __init__(self, replies: dict[bytes, bytes]) -> None:
        self._replies = replies
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each complete request; keep the rest."""
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, head + 2)
            end = head + 4 + (int(length[1]) if length else 0)
            if end > len(self._buffer):
                break
            line = self._buffer[: self._buffer.index(b" HTTP/1.1\r\n")].partition(b"?")[0]
            self._transport.write(self._replies.get(line, _NOT_FOUND))
            self._buffer = self._buffer[end:]


def canned_replies(records: int) -> dict[bytes, bytes]:
    """Whole HTTP replies by request line, without the version.

    Args:
        records: How many records a search returns. About 500 bytes each, as Mem0's are.
    """
    random = Random(records)  # noqa: S311 - the same texts in every run
    ping = {"status": "ok", "org_id": "org-1", "project_id": "proj-1", "user_email": USER}
    return {SEARCH: _reply({"results": [_record(random) for _ in range(records)]}), b"GET /v1/ping/": _reply(ping)}


def _record(random: Random) -> dict[str, Any]:
    day, score = f"2026-{random.randint(1, 9):02}-{random.randint(1, 28):02}", round(random.random(), 6)
    return {
        "id": str(UUID(int=random.getrandbits(128), version=4)),
        "memory": " ".join(random.choices(_TEXT.split(), k=random.randint(10, 22))).capitalize(),
        "user_id": USER,
        "agent_id": None,
        "app_id": "kitchen",
        "metadata": {"source": "chat", "turn": random.randint(1, 90)},
        "categories": random.sample(("food", "travel", "work", "hobbies", "home"), 2),
        "created_at": f"{day}T08:30:00.123456-07:00",
        "updated_at": f"{day}T08:30:00.654321-07:00",
        "expiration_date": None,
        "run_id": "run-7",
        "score": score,
        "score_breakdown": {"semantic": score, "keyword": 0.0},
    }


def _reply(body: object, status: bytes = b"200 OK") -> bytes:
    """A JSON value as an HTTP/1.1 reply, with the headers that such services send."""
    content = json.dumps(body, ensure_ascii=False).encode()
    return (
        b"HTTP/1.1 %b\r\nServer: canned\r\nDate: Thu, 01 Oct 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n"
        b"Vary: Accept\r\nAllow: POST, OPTIONS\r\nX-Frame-Options: DENY\r\nReferrer-Policy: same-origin\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (status, len(content), content)
    )


_NOT_FOUND: Final = _reply({"detail": "Not found."}, b"404 Not Found")


async def _serve(certificate: str) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    tls.set_alpn_protocols(["http/1.1"])
    loop, servers = asyncio.get_running_loop(), []
    ports: dict[str, dict[int, int]] = {"http": {}, "https": {}}
    for records in _RECORDS:
        replies = canned_replies(records)
        for scheme, context in (("http", None), ("https", tls)):
            server = await loop.create_server(
                lambda replies=replies: _Connection(replies), "127.0.0.1", 0, ssl=context, backlog=1024
            )
            ports[scheme][records] = server.sockets[0].getsockname()[1]
            servers.append(server)
    # Nothing here makes cycles, and a collection would delay a reply.
    gc.disable()
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps({"ports": ports, "cpu": time.process_time()}), flush=True)
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
