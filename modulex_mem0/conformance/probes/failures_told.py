"""A reply that reports a failure under a success status is a failure."""

from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.faults import json_reply
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe
from modulex_mem0.conformance.promises import broken_promises

__all__ = ["failures_told"]

_REPORTS = ({"error": "it did not work"}, {"error": {"message": "it did not work"}}, {"status": "FAILED"})


@probe("A reply of status 200 that reports a failure is not told as a success.")
async def failures_told(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Answer the example with reports of failure."""
    for report in _REPORTS:
        observed = await bench.call(action, answer=json_reply(report))
        for problem in broken_promises(action, observed, f"the reply {report}"):
            yield problem
        if observed.requests and observed.succeeded:
            yield error(
                f"actions.{action.name}",
                f"The reply {report} is told as a success.",
                "Look for the service's own report of a failure; if these words mean none to it, exempt this probe.",
            )
