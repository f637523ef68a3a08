"""The pooled connections of a runtime: a pool for each event loop, and in it a transport for each credential."""

import asyncio
import os
import threading
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import suppress
from weakref import WeakKeyDictionary, WeakSet

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.credentials import Service
from modulex_mem0.runtime.deadlines import Deadline
from modulex_mem0.runtime.http.errors import runtime_closed
from modulex_mem0.runtime.http.transport import Transport, TransportOpener
from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = ["Lease", "Limit", "Pool", "Pools", "Slots"]

# Seconds after which an unused transport is given up when another one is opened.
_UNUSED = 60.0


class Pools:
    """Hands out the pool of the running event loop: connections belong to the loop that opened them.

    A forked process starts without any: the connections are its parent's.
    """

    def __init__(self, settings: RuntimeSettings) -> None:
        self._settings = settings
        self._opener = TransportOpener(settings)
        self._closed = False
        self._start()
        _all_pools.add(self)

    def _start(self) -> None:
        self._lock = threading.Lock()
        # The one that was asked for last: a program has one event loop or a few.
        self._recent: Pool | None = None
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()

    def after_fork(self) -> None:
        """Begin again without connections. The parent's are kept, unused: closing them could end the parent's."""
        _inherited.append(dict(self._pools))
        self._start()

    def current(self) -> "Pool":
        """The running loop's pool.

        Raises:
            ActionError: The runtime was closed, or the loop is ending.
        """
        loop = asyncio.get_running_loop()
        pool = self._recent
        if pool is None or pool.loop is not loop:
            pool = self._pools.get(loop)
            if pool is None and not self._closed:
                with self._lock:
                    self._forget_closed_loops()
                    pool = self._pools.setdefault(loop, Pool(self._opener, self._settings))
            self._recent = pool
        if pool is None or pool.closed or self._closed:
            raise runtime_closed()
        return pool

    async def aclose(self) -> None:
        """Close the connections of the running loop. Those of other loops are closed when their loop ends."""
        self._closed = True
        with self._lock:
            self._recent = None
            pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()

    def _forget_closed_loops(self) -> None:
        for loop in [loop for loop in self._pools if loop.is_closed()]:
            del self._pools[loop]


_all_pools: WeakSet[Pools] = WeakSet()
_inherited: list[object] = []


def _after_fork() -> None:
    for pools in list(_all_pools):
        pools.after_fork()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)


class Lease:
    """A transport, and how many exchanges are using it.

    Attributes:
        transport: Of one credential.
        users: While it is not 0, the transport is not closed.
        used_at: When it was last asked for, on the loop's clock.
    """

    __slots__ = ("transport", "used_at", "users")

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.users = 0
        self.used_at = 0.0


class Limit:
    """Ends an exchange at its deadline, or when its pool is closed, by cancelling its task.

    As `asyncio.timeout`, of which nothing else is needed here, at a fraction of its cost.

    Attributes:
        ends_at: The deadline, on the loop's clock.
        over: Whether it has ended the exchange.
        queued: Whether the exchange waits for its turn.
    """

    __slots__ = ("_alarm", "_cancelling", "_task", "ends_at", "over", "queued")

    def __init__(self, deadline: Deadline) -> None:
        task = asyncio.current_task()
        # The deadline's loop cannot end a task of another one.
        if task is None or task.get_loop() is not deadline.loop:
            raise RuntimeError("a request must be sent from a task of its call's event loop")
        self._task = task
        self._cancelling = task.cancelling()
        self.over = False
        self.queued = False
        self.ends_at = deadline.at
        self._alarm = deadline.alarm
        self._alarm.watch(self)

    def end(self) -> None:
        """End the exchange."""
        if not self.over:
            self.over = True
            self._task.cancel()

    def ended(self, error: BaseException) -> bool:
        """Whether an exception is this limit's doing, and not a cancellation from elsewhere."""
        own = self.over and self._task.cancelling() - 1 <= self._cancelling
        return own and isinstance(error, asyncio.CancelledError)

    def stop(self) -> None:
        """Let the exchange end by itself, and take back the cancellation if it was made."""
        self._alarm.forget(self)
        if self.over:
            self._task.uncancel()


class Slots:
    """The requests that may be in flight at once. Excess requests queue first-in, first-out.

    As `asyncio.Semaphore`, except that a free slot is taken without a coroutine. In the libraries' own pools requests
    do not queue in order, and each one that waits there slows down the others.
    """

    __slots__ = ("_free", "_queue")

    def __init__(self, number: int) -> None:
        self._free = number
        self._queue: deque[asyncio.Future[None]] = deque()

    def take(self) -> bool:
        """Take a slot if one is free."""
        if self._free > 0:
            self._free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Take a slot when those that came before have had theirs."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The slot had been handed over.
                self.give_back()
            raise

    def give_back(self) -> None:
        """Hand a slot to the first in the queue, or leave it free."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Pool:
    """The transports of the running event loop, by service and credential, and the exchanges that are using them.

    It is closed by its runtime or, where the runtime outlives the loop, when the loop ends: `asyncio.run` closes the
    async generators that are still open, so one is kept waiting for that.
    """

    __slots__ = (
        "_closer",
        "_ended",
        "_ending",
        "_leases",
        "_limits",
        "_most",
        "_opener",
        "_slots",
        "closed",
        "loop",
    )

    def __init__(self, opener: TransportOpener, settings: RuntimeSettings) -> None:
        self._opener = opener
        self._most = settings.max_credentials
        self.loop = asyncio.get_running_loop()
        #: The least recently used first.
        self._leases: OrderedDict[bytes, Lease] = OrderedDict()
        self._ending: set[asyncio.Task[None]] = set()
        self._slots = Slots(settings.max_connections)
        self.closed = False
        self._limits: set[Limit] = set()
        self._ended = asyncio.Event()
        self._closer = self._close_with_the_loop()
        # The loop registers a generator at its first step, which awaits nothing.
        with suppress(StopIteration):
            self._closer.asend(None).send(None)

    def lease(self, service: Service) -> Lease:
        """The transport of a service and a credential. An exchange counts as its user before anything else runs.

        Raises:
            ActionError: `connection_failed` when the proxy or the certificates that the environment names are unusable.
        """
        key = service.key
        lease = self._leases.get(key)
        if lease is None:
            self._make_room()
            try:
                lease = self._leases[key] = Lease(self._opener.open(service))
            except Exception as error:
                raise ActionError(
                    ErrorCode.CONNECTION_FAILED,
                    f"the proxy or the certificates of the environment cannot be used: {type(error).__name__}: {error}",
                    retryable=False,
                ) from None
        else:
            self._leases.move_to_end(key)
        lease.used_at = self.loop.time()
        return lease

    def enter(self, deadline: Deadline) -> Limit:
        """Register an exchange, which may take until its call's deadline."""
        limit = Limit(deadline)
        limit.queued = not self._slots.take()
        self._limits.add(limit)
        return limit

    async def turn(self, limit: Limit) -> None:
        """Wait until fewer exchanges than the settings allow are in flight."""
        await self._slots.wait()
        limit.queued = False

    def leave(self, limit: Limit) -> None:
        """Deregister an exchange that has ended."""
        if not limit.queued:
            self._slots.give_back()
        limit.stop()
        self._limits.discard(limit)
        if self.closed and not self._limits:
            self._ended.set()

    async def aclose(self) -> None:
        """End the exchanges that are in flight, then close the connections."""
        await self._closer.aclose()

    def _make_room(self) -> None:
        """Close the transports that were not used for long, and the least recently used of too many."""
        now = self.loop.time()
        for key, lease in list(self._leases.items()):
            if len(self._leases) < self._most and now - lease.used_at < _UNUSED:
                break
            if lease.users == 0:
                del self._leases[key]
                task = self.loop.create_task(lease.transport.aclose())
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)

    async def _close_with_the_loop(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self._close()

    async def _close(self) -> None:
        self.closed = True
        if self._limits:
            for limit in list(self._limits):
                limit.end()
            await self._ended.wait()
        for lease in self._leases.values():
            await lease.transport.aclose()
        if self._ending:
            await asyncio.wait(self._ending)
