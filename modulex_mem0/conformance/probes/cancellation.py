"""A host can cancel a call, and nothing of it goes on."""

import asyncio
from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.faults import Reply
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["cancellation"]

_PATIENCE = 5.0
_DEADLINE = 60.0


@probe("A cancelled call ends at once, with CancelledError.")
async def cancellation(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Cancel the example while the service has not answered."""
    place = f"actions.{action.name}"
    call = bench.start(action, answer=Reply(ending="hang"), timeout=_DEADLINE)
    arrival = asyncio.create_task(bench.server.wait_for_request())
    await asyncio.wait({call, arrival}, return_when=asyncio.FIRST_COMPLETED, timeout=_PATIENCE)
    arrival.cancel()
    if call.done() or not bench.server.requests:
        # It sends nothing, so there is nothing to cancel.
        call.cancel()
        await asyncio.wait({call}, timeout=_PATIENCE)
        return
    call.cancel()
    await asyncio.wait({call}, timeout=_PATIENCE)
    if not call.done():
        yield error(place, "A cancelled call goes on.", "Do not catch CancelledError, or raise it again.")
    elif not call.cancelled():
        yield error(place, "A cancelled call answers instead of ending.", "Do not turn CancelledError into an answer.")
