"""An action leaves the event loop to others while it waits and works."""

import asyncio
import time
from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["event_loop_free"]

_INTERVAL = 0.01
# Far beyond what a handler computes, and what a busy machine takes away, but short for a blocking request.
_LONGEST = 0.5


@probe("The event loop is not blocked while an action runs.")
async def event_loop_free(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Run the example beside a clock that ticks."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.thread_time(), time.monotonic()
            await asyncio.sleep(_INTERVAL)
            longest = max(longest, time.monotonic() - before[1] - _INTERVAL)

    # What is imported and compiled at the first call is not what is measured.
    await bench.call(action)
    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    await bench.call(action)
    # One more turn, so that the clock notices a block at the very end.
    await asyncio.sleep(2 * _INTERVAL)
    ticking.cancel()
    if longest > _LONGEST:
        yield error(
            f"actions.{action.name}",
            f"The event loop stood still for {longest:.1f} s, and every other call with it.",
            "Await what waits; run what computes or blocks in asyncio.to_thread.",
        )
