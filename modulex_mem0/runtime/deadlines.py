"""The deadlines of calls, and what ends calls and requests that are late."""

import asyncio
from contextlib import suppress
from typing import Protocol

from modulex_mem0.contract import ActionError, ErrorCode

__all__ = ["GRACE", "Alarm", "Deadline", "Deadlines", "Watched"]

#: A handler ends by itself at its deadline, since its HTTP client does; it is cancelled this many seconds later.
GRACE = 1.0
# When a runtime is closed, its requests end at once with an error. The handlers have this many seconds to pass it on.
_SETTLING = 0.1
# The shortest time between two looks at what is late, in seconds: thousands may end one after the other.
_GRAIN = 0.005


class Watched(Protocol):
    """What an alarm ends: a call or a request.

    Attributes:
        ends_at: When, on the loop's clock.
    """

    ends_at: float

    def end(self) -> None:
        """End it. It is no longer watched."""
        ...


class Alarm:
    """Ends what is late on one event loop, with one timer for all of it.

    A timer for each request and each call, which is nearly always cancelled, would cost a fifth of a call.
    """

    __slots__ = ("_loop", "_next", "_timer", "_watched")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watched: set[Watched] = set()
        self._next = float("inf")
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, late: Watched) -> None:
        """End it at its time, unless it is forgotten before."""
        self._watched.add(late)
        if late.ends_at < self._next:
            self._set(late.ends_at)

    def forget(self, late: Watched) -> None:
        """Do not end it. The timer stays as it is."""
        self._watched.discard(late)

    def rest(self) -> None:
        """Take back the timer where nothing is watched, so that it does not outlive its runtime."""
        if self._timer is not None and not self._watched:
            self._timer.cancel()
            self._timer, self._next = None, float("inf")

    def watched(self) -> tuple[Watched, ...]:
        """All that is watched now; from any thread."""
        return tuple(self._watched)

    def _set(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = moment
        self._timer = self._loop.call_at(moment, self._ring)

    def _ring(self) -> None:
        self._timer, self._next = None, float("inf")
        now = self._loop.time()
        for late in [late for late in self._watched if late.ends_at <= now]:
            self._watched.discard(late)
            late.end()
        if self._watched:
            self._set(max(now + _GRAIN, min(late.ends_at for late in self._watched)))


class Deadline:
    """The moment when a call has to end, on the running event loop's clock. Closing the runtime moves it to now.

    Attributes:
        alarm: Ends the call, and its requests.
        at: The moment.
        ends_at: When a handler that goes on regardless is stopped.
        loop: The event loop of the call.
        was_cut: Whether the runtime was closed during the call.
    """

    __slots__ = ("_over", "alarm", "at", "ends_at", "loop", "was_cut")

    def __init__(self, loop: asyncio.AbstractEventLoop, alarm: Alarm, seconds: float) -> None:
        self.loop = loop
        self.alarm = alarm
        self.at = loop.time() + seconds
        self.ends_at = self.at + GRACE
        self._over: asyncio.Future[None] | None = None
        self.was_cut = False

    def remaining(self) -> float:
        """Seconds left; at most zero once it has passed."""
        return self.at - self.loop.time()

    def cut(self, *, stop: bool) -> None:
        """Let nothing more be sent from now on; from any thread.

        Args:
            stop: Also end the call, where its handler does not by itself.
        """
        self.was_cut = True
        self.at = self.loop.time()
        if stop:
            # A loop that has ended runs no call.
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self.loop.call_later, _SETTLING, self.end)

    def waiter(self) -> "asyncio.Future[None]":
        """A future that is done after `end`."""
        self._over = self.loop.create_future()
        return self._over

    def end(self) -> None:
        """Wake the call: its work has ended, or its time."""
        if self._over is not None and not self._over.done():
            self._over.set_result(None)


class Deadlines:
    """The deadlines of the calls of a runtime that are in flight."""

    __slots__ = ("_alarms", "_closed")

    def __init__(self) -> None:
        # Adding, removing and copying are atomic.
        self._alarms: dict[asyncio.AbstractEventLoop, Alarm] = {}
        self._closed = False

    def begin(self, seconds: float) -> Deadline:
        """Begin a call on the running event loop.

        Raises:
            ActionError: `connection_failed` when the runtime was closed.
        """
        loop = asyncio.get_running_loop()
        alarm = self._alarms.get(loop) or self._alarm(loop)
        deadline = Deadline(loop, alarm, seconds)
        alarm.watch(deadline)
        if self._closed:
            alarm.forget(deadline)
            raise ActionError(
                ErrorCode.CONNECTION_FAILED, "the runtime was closed before the call began", retryable=False
            )
        return deadline

    def close(self, *loops: asyncio.AbstractEventLoop | None) -> None:
        """Let nothing more be sent, and end the calls on these event loops; from any thread."""
        self._closed = True
        for alarm in tuple(self._alarms.values()):
            for deadline in alarm.watched():
                if isinstance(deadline, Deadline):
                    deadline.cut(stop=deadline.loop in loops)

    def rest(self) -> None:
        """Take back the timer of the running event loop, once its calls have ended."""
        alarm = self._alarms.get(asyncio.get_running_loop())
        if alarm is not None:
            alarm.rest()

    def _alarm(self, loop: asyncio.AbstractEventLoop) -> Alarm:
        for other in tuple(self._alarms):
            if other.is_closed():
                self._alarms.pop(other, None)
        return self._alarms.setdefault(loop, Alarm(loop))
