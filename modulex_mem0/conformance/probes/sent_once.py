"""What must not be done twice is sent once."""

from collections import Counter
from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.faults import Reply, json_reply
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["sent_once"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@probe("A request that changes something is sent once, unless the hints say that repeating it does no harm.")
async def sent_once(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Fail the first request in ways that invite to try again."""
    if action.hints.safe_to_retry:
        return
    for occasion, reply in {
        "HTTP 503": json_reply({}, 503, {"retry-after": "0"}),
        "HTTP 500": json_reply({}, 500),
        "a reset": Reply(ending="reset"),
    }.items():
        observed = await bench.call(action, answer=reply)
        sent = Counter((r.method, r.target, r.body) for r in observed.requests if r.method not in _SAFE)
        if any(count > 1 for count in sent.values()):
            yield error(
                f"actions.{action.name}",
                f"After {occasion} the same request is sent again, which may do the work twice.",
                "Leave retries to context.http, or mark the action as idempotent if it is.",
            )
