"""What a client hears of a call's progress, and that a client which cannot hear it holds no call up."""

import asyncio
import logging

import pytest

from modulex_mem0.runtime import Progress

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from modulex_mem0.hosts.mcp.progress import progress_listener


class Client:
    """Notes what it is sent, once it may."""

    def __init__(self) -> None:
        self.heard: list[str | None] = []
        self.listens = asyncio.Event()

    async def send(self, _progress: float, _total: float | None, message: str | None) -> None:
        await self.listens.wait()
        self.heard.append(message)


async def test_what_says_nothing_new_is_not_sent_and_takes_no_place_of_what_does() -> None:
    client = Client()
    async with progress_listener(client.send) as listener:
        for _ in range(100):
            listener(Progress("waiting", 1, 60))
        listener(Progress("done", 2, 60))
        client.listens.set()
    assert client.heard == ["waiting", "done"]


async def test_a_slow_client_misses_reports_and_holds_up_nothing() -> None:
    client = Client()
    async with progress_listener(client.send) as listener:
        for number in range(100):
            listener(Progress(f"step {number}"))
        client.listens.set()
    # Those that waited for it are sent before the block ends, in their order.
    assert client.heard == [f"step {number}" for number in range(16)]


async def test_a_client_that_cannot_be_told_still_gets_its_result(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "modulex_mem0")
    tried: list[str | None] = []

    async def fail(_progress: float, _total: float | None, message: str | None) -> None:
        tried.append(message)
        raise ConnectionError("secret")

    async with progress_listener(fail) as listener:
        listener(Progress("one"))
        listener(Progress("two"))
        result = "the result"
    assert (result, tried) == ("the result", ["one", "two"])
    assert caplog.messages == ["progress was not sent: ConnectionError"] * 2
