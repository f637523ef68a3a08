"""Calls of Mem0's actions without a network and without waiting: a service in memory, and a clock that jumps ahead."""

import asyncio
import math
import selectors
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

import httpx

from modulex_mem0.runtime import Result, Runtime, RuntimeSettings
from modulex_mem0.runtime.http.body import Body
from modulex_mem0.runtime.http.transport import Request, Response, TransportOpener
from tests.mem0.client import KEY

__all__ = ["Answer", "Answering", "call"]

HOST = "https://mem0.test"
# Seconds that an exchange takes on the clock of the calls, so that nothing goes on for ever.
_EXCHANGE = 0.01


@dataclass(frozen=True)
class Answer:
    """A reply of the service."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[Request], Answer]


class _Transport:
    """Implements `modulex_mem0.runtime.http.transport.Transport`, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answering: Answering = lambda _: Answer()

    async def exchange(self, request: Request, limit: int) -> Response:
        self.requests.append(request)
        request.may_be_sent = True
        await asyncio.sleep(_EXCHANGE)
        answer = self.answering(request)
        headers = httpx.Headers(dict(answer.headers))
        body = Body(answer.status, headers.get("content-encoding"), None, limit)
        await body.add(answer.body)
        return Response(answer.status, headers.get, body.finish())

    async def aclose(self) -> None:
        """There is nothing to close."""


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for nothing: the clock of its event loop is set to the moment that the loop would have waited for."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("the call waits for what will never happen")
        # A clock that stood still would never reach a moment that rounding puts off.
        self.now = max(self.now + timeout, math.nextafter(self.now, math.inf))
        return super().select(0)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class _Offline:
    def __init__(self) -> None:
        self.loop = _JumpingLoop()
        self.runtime = Runtime(RuntimeSettings(retry_wait=0.001))
        # Loaded here: in a call it would be done in a thread, for which this loop does not wait.
        assert self.runtime.integrations["mem0"].actions
        self.transport = _Transport()


@cache
def _offline() -> _Offline:
    return _Offline()


def call(action: str, input: Any, answering: Answering) -> tuple[Result, list[Request]]:
    """Call an action; returns the result, and the requests that were sent.

    Args:
        action: Its name.
        input: Of any type.
        answering: Makes the reply to a request.
    """
    offline = _offline()
    offline.transport.answering = answering
    offline.transport.requests = []
    credential = {"api_key": KEY, "base_url": HOST}
    with patch.object(TransportOpener, "open", lambda _opener, _service: offline.transport):
        result = offline.loop.run_until_complete(offline.runtime.call("mem0", action, input, credential=credential))
    return result, offline.transport.requests
