"""Probes of timing: calls end when they should, and leave the event loop and the connections to others."""

import asyncio
import time
from collections.abc import AsyncIterator

from modulex_mem0.conformance.fault_server import Reply
from modulex_mem0.conformance.findings import Finding, error
from modulex_mem0.conformance.invariants import broken_invariants
from modulex_mem0.conformance.probes.probe import probe
from modulex_mem0.conformance.testbed import AnyAction, Testbed

__all__ = ["cancellation", "connections_reused", "deadline_kept", "event_loop_free"]

_TIMEOUT = 0.1
# The runtime grants a second to clean up; the rest is for a busy machine.
_LATEST = 4.0
_UNANSWERED = frozenset({"timeout", "connection_failed", "outcome_unknown"})


@probe("A call whose service does not answer ends at its deadline, and says whether something may have changed.")
async def deadline_kept(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Leave the example without a reply."""
    started = time.monotonic()
    record = await testbed.call(action, answer=Reply(ending="hang"), timeout=_TIMEOUT)
    for finding in broken_invariants(action, record, "a service that does not answer"):
        yield finding
    if not record.requests:
        return
    if time.monotonic() - started > _LATEST:
        yield error(f"actions.{action.name}", "The call goes on long after its deadline.", "Do not catch cancellation.")
    if record.code not in _UNANSWERED:
        yield error(
            f"actions.{action.name}",
            f"A service that does not answer is reported as {record.code or 'success'}.",
            "Let the error of context.http through.",
        )


_PATIENCE = 5.0
_LONG_TIMEOUT = 60.0


@probe("A cancelled call ends at once, with CancelledError.")
async def cancellation(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Cancel the example before the service has answered."""
    place = f"actions.{action.name}"
    call = testbed.start(action, answer=Reply(ending="hang"), timeout=_LONG_TIMEOUT)
    arrival = asyncio.create_task(testbed.server.wait_for_request())
    await asyncio.wait({call, arrival}, return_when=asyncio.FIRST_COMPLETED, timeout=_PATIENCE)
    arrival.cancel()
    # An action that sends nothing has nothing to cancel.
    waits_for_service = bool(testbed.server.requests) and not call.done()
    call.cancel()
    await asyncio.wait({call}, timeout=_PATIENCE)
    if not waits_for_service:
        return
    if not call.done():
        yield error(place, "A cancelled call goes on.", "Do not catch CancelledError, or raise it again.")
    elif not call.cancelled():
        yield error(place, "A cancelled call returns a result.", "Do not turn CancelledError into a result.")


_TICK = 0.01
# Far more than a handler computes or a busy machine takes away, but short for a blocking request.
_LONGEST_BLOCK = 0.5


@probe("The event loop is not blocked while an action runs.")
async def event_loop_free(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Run the example beside a ticking clock."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(_TICK)
            longest = max(longest, time.monotonic() - before - _TICK)

    # The first call imports and compiles, which is not what is measured.
    await testbed.call(action)
    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    await testbed.call(action)
    # One more turn, so that the clock notices a block at the very end.
    await asyncio.sleep(2 * _TICK)
    ticking.cancel()
    if longest > _LONGEST_BLOCK:
        yield error(
            f"actions.{action.name}",
            f"The event loop was blocked for {longest:.1f} s, and every other call with it.",
            "Await what waits; run what computes or blocks in asyncio.to_thread.",
        )


_CALLS = 5


@probe("Calls one after another use the same connection.")
async def connections_reused(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Call the example several times and count connections: opening one costs more than the rest of a call."""
    await testbed.call(action)
    opened = requests = 0
    for _ in range(_CALLS):
        record = await testbed.call(action)
        opened += testbed.server.connections
        requests += bool(record.requests)
    if requests == _CALLS and opened >= _CALLS:
        yield error(
            f"actions.{action.name}",
            f"{_CALLS} calls opened {opened} connections.",
            "Send requests through context.http, whose connections all calls share.",
        )
