"""Steps of a scripted server: correct replies, wrong ones and none."""

import itertools
import json
import threading
from collections.abc import Mapping
from typing import Any

from tests.helpers.scripted_server import PATIENCE, Exchange, Step


def reply(
    status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None, content_type: str | None = None
) -> Step:
    """A complete, correct reply."""
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}"]
    if content_type:
        lines.append(f"content-type: {content_type}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    whole = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def step(exchange: Exchange) -> None:
        exchange.send(whole)

    step.__name__ = f"reply-{status}"
    return step


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Step:
    """A correct reply with a JSON value."""
    return reply(status, json.dumps(value).encode(), headers, "application/json")


def raw(data: bytes) -> Step:
    """These bytes, then the end of the connection."""

    def step(exchange: Exchange) -> None:
        exchange.send(data)
        exchange.close()

    step.__name__ = f"raw-{data[-20:]!r}"
    return step


def reset(exchange: Exchange) -> None:
    """A TCP reset instead of a reply."""
    exchange.reset()


def hang(exchange: Exchange) -> None:
    """No reply, as long as the server runs."""
    exchange.server.stopping.wait(PATIENCE)
    exchange.close()


def after(event: threading.Event, step: Step) -> Step:
    """Another step, once an event is set."""

    def wait(exchange: Exchange) -> None:
        assert event.wait(PATIENCE)
        step(exchange)

    return wait


def drip(exchange: Exchange) -> None:
    """A reply without end, one byte at a time, each well within a read timeout."""
    exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while not exchange.server.stopping.wait(0.02):
        exchange.send(b" ")
    exchange.close()


def endless(exchange: Exchange) -> None:
    """A body without end, as fast as it is taken."""
    exchange.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    block = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    for _ in itertools.takewhile(lambda _: not exchange.server.stopping.is_set(), itertools.count()):
        exchange.send(block)
    exchange.close()
