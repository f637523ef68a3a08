"""A call ends at its deadline, whatever the service does or does not."""

import time
from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.faults import Reply
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe
from modulex_mem0.conformance.promises import broken_promises

__all__ = ["deadline_kept"]

_DEADLINE = 0.1
# The runtime grants a second to clean up; the rest is for a busy machine.
_LATEST = 4.0
_CODES = frozenset({"timeout", "connection_failed", "outcome_unknown"})


@probe("A call whose service does not answer ends at its deadline, and says whether something may have changed.")
async def deadline_kept(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Leave the example without an answer."""
    started = time.monotonic()
    observed = await bench.call(action, answer=Reply(ending="hang"), timeout=_DEADLINE)
    for problem in broken_promises(action, observed, "a service that does not answer"):
        yield problem
    if not observed.requests:
        return
    if time.monotonic() - started > _LATEST:
        yield error(f"actions.{action.name}", "The call goes on long after its deadline.", "Do not catch cancellation.")
    if observed.code not in _CODES:
        yield error(
            f"actions.{action.name}",
            f"A service that does not answer is told as {observed.code or 'success'}.",
            "Let the error of context.http through.",
        )
