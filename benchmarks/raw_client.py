"""Sends the same bytes again and again over plain sockets: `python -m benchmarks.raw_client URL AT_ONCE SECONDS`.

It parses nothing and decodes nothing: how fast it is says how fast the server is.
"""

import json
import selectors
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

from benchmarks.contenders.target import Target

__all__ = ["exchanging"]

_CHUNK = 2**20


def exchanging(url: str, *, at_once: int, seconds: float) -> dict[str, float]:
    """Keep that many requests open for a while; tell how many were answered, and in how many seconds."""
    where = urlsplit(url)
    request = _request(url)
    selector = selectors.DefaultSelector()
    for _ in range(at_once):
        connection = socket.create_connection((where.hostname or "", where.port or 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if where.scheme == "https":
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=where.hostname)
        length = _length_of_a_reply(connection, request)
        connection.setblocking(False)
        # Per connection: how many bytes of the reply are still to come.
        selector.register(connection, selectors.EVENT_READ, [length])
        connection.send(request)
    made, begun = 0, time.perf_counter()
    end = begun + seconds
    while (now := time.perf_counter()) < end:
        for key, _ in selector.select():
            ready = key.fileobj
            assert isinstance(ready, socket.socket)
            if _arrived(ready, key.data):
                made += 1
                key.data[0] = length
                ready.send(request)
    return {"calls": made, "seconds": now - begun}


def _arrived(connection: socket.socket, left: list[int]) -> bool:
    """Take what has come; true when the reply is complete."""
    while left[0] > 0:
        try:
            left[0] -= len(connection.recv(_CHUNK))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
    return True


def _request(url: str) -> bytes:
    target = Target(url, 10)
    body = json.dumps(target.body()).encode()
    headers = "".join(f"{name}: {value}\r\n" for name, value in target.headers().items())
    head = (
        f"POST /v3/memories/search/ HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _length_of_a_reply(connection: socket.socket, request: bytes) -> int:
    connection.sendall(request)
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(_CHUNK)
    head, _, _ = got.partition(b"\r\n\r\n")
    body = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    length = len(head) + 4 + body
    while len(got) < length:
        got += connection.recv(_CHUNK)
    return length


if __name__ == "__main__":
    print(json.dumps(exchanging(sys.argv[1], at_once=int(sys.argv[2]), seconds=float(sys.argv[3]))))
