"""The rate of a whole import: how many requests a second, how many at once, and when none.

Nothing limits it until the service does. A 429 halves what went through before it and stops everything for as long as
`Retry-After` says; another one halves again only if something has succeeded in between. From then on the rate grows by
a tenth a second, and by a fiftieth near where it was cut.
A service that fails stops everything as well, for a time that doubles, and then one request tries.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from modulex_mem0.contract import ErrorCode, ErrorInfo

__all__ = ["LongPauseError", "Rate", "Turn"]

_WINDOW = 5.0
_SLOWEST = 0.5
_GROWTH, _CAREFUL_GROWTH = 1.10, 1.02
# After a longer silence, the rate does not leap.
_LONGEST_GROWTH = 10.0
# What counts as near where it was cut.
_NEAR, _PAST = 0.9, 1.25
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
# After a 429 that does not say how long to wait.
_LONGEST_LIMIT = 60.0
# So many failures in a row are an outage.
_OUTAGE = 3
# A shorter wait costs more than it is worth.
_SHORTEST_WAIT = 0.002


class LongPauseError(Exception):
    """The next turn is further away than the caller wants to wait."""


class Turn:
    """The right to send one request; its outcome is reported to the rate that gave it."""

    __slots__ = ("begun",)

    def __init__(self, begun: float) -> None:
        self.begun = begun


class Rate:
    """Gives turns to the requests of an import. Belongs to one event loop.

    Args:
        ceiling: The most requests a second; None for no limit but the service's.
        in_flight: The most requests at once.

    Attributes:
        accepted: How many rows have been accepted so far.
        last_accepted: When the last one was, on the clock of `time.monotonic`; at first, when this was made.
    """

    def __init__(self, ceiling: float | None = None, *, in_flight: int = 16) -> None:
        if ceiling is not None and not ceiling > 0:
            raise ValueError("ceiling must be greater than 0")
        if in_flight < 1:
            raise ValueError("in_flight must be at least 1")
        self.accepted = 0
        self.last_accepted = time.monotonic()
        self._ceiling = ceiling
        self._slots = asyncio.Semaphore(in_flight)
        self._probe = asyncio.Lock()
        self._rate: float | None = None
        self._cut_at = 0.0
        self._cut_from = 0.0
        self._grown_at = 0.0
        self._succeeded_since_cut = True
        self._limits = 0
        self._failures = 0
        self._next = 0.0
        self._paused_until = 0.0
        self._recent: deque[float] = deque()

    @property
    def limit(self) -> float | None:
        """The requests a second that are allowed now; None if nothing limits them."""
        limits = [limit for limit in (self._ceiling, self._rate) if limit is not None]
        return min(limits) if limits else None

    @property
    def measured(self) -> float:
        """The requests a second that succeeded in the last five seconds."""
        now = time.monotonic()
        self._forget(now)
        if not self._recent:
            return 0.0
        return len(self._recent) / max(now - self._recent[0], 0.1)

    @property
    def pause(self) -> float:
        """Seconds until the next request may be sent, where the service asked to wait or fails; else 0."""
        return max(0.0, self._paused_until - time.monotonic())

    @asynccontextmanager
    async def turn(self, *, longest_pause: float = math.inf) -> AsyncIterator[Turn]:
        """Wait for a turn, and hold it for the time of the request. The caller reports its outcome with `report`.

        Raises:
            LongPauseError: The service asked to wait for longer than `longest_pause`, in seconds.
        """
        async with self._slots:
            if self._failures >= _OUTAGE:
                async with self._probe:
                    yield await self._begin(longest_pause)
            else:
                yield await self._begin(longest_pause)

    def report(self, turn: Turn, error: ErrorInfo | None) -> None:
        """Learn from a request: None for success, also where it was refused for what it held.

        Args:
            turn: Its turn.
            error: Why the service did not do it.
        """
        now = time.monotonic()
        if error is None:
            self._succeeded(now)
        elif error.code is ErrorCode.RATE_LIMITED or (error.http_status == 503 and error.retry_after is not None):
            self._limited(now, turn, error.retry_after)
        else:
            self._failed(now)

    def accept(self) -> None:
        """Count a row that the service has accepted."""
        self.accepted += 1
        self.last_accepted = time.monotonic()

    async def _begin(self, longest_pause: float) -> Turn:
        while True:
            now = time.monotonic()
            if self._paused_until - now > longest_pause:
                raise LongPauseError
            if self._paused_until > now:
                await asyncio.sleep(self._paused_until - now)
                continue
            limit = self.limit
            if limit is None:
                return Turn(now)
            slot = max(now, self._next)
            self._next = slot + 1 / limit
            if slot - now > _SHORTEST_WAIT:
                await asyncio.sleep(slot - now)
                if self._paused_until > time.monotonic():
                    continue
            return Turn(slot)

    def _succeeded(self, now: float) -> None:
        self._limits = self._failures = 0
        self._succeeded_since_cut = True
        self._recent.append(now)
        self._forget(now)
        if self._rate is not None and (passed := now - self._grown_at) >= 1.0:
            near = _NEAR <= self._rate / self._cut_from <= _PAST
            self._rate *= (_CAREFUL_GROWTH if near else _GROWTH) ** min(passed, _LONGEST_GROWTH)
            self._grown_at = now

    def _limited(self, now: float, turn: Turn, retry_after: float | None) -> None:
        # What was sent before the cut says nothing about the new rate, nor does a service that still takes nothing.
        if turn.begun >= self._cut_at:
            self._limits += 1
            if self._succeeded_since_cut:
                self._cut_from = self.measured or self._rate or 2.0
                self._rate = max(_SLOWEST, min(self._cut_from, self._rate or self._cut_from) / 2)
                self._recent.clear()
                self._succeeded_since_cut = False
            self._grown_at = self._next = now
        wait = min(2.0 ** (self._limits - 1), _LONGEST_LIMIT) if retry_after is None else retry_after
        self._paused_until = max(self._paused_until, now + wait)
        self._cut_at = max(self._cut_at, self._paused_until)

    def _failed(self, now: float) -> None:
        self._failures += 1
        if self._failures >= _OUTAGE and self._paused_until <= now:
            doubled = min(self._failures - _OUTAGE, 10)
            self._paused_until = now + min(_FIRST_PAUSE * 2.0**doubled, _LONGEST_PAUSE)

    def _forget(self, now: float) -> None:
        while self._recent and now - self._recent[0] > _WINDOW:
            self._recent.popleft()
