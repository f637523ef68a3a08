"""Probes of effects: an action does what its hints say, and does it once."""

from collections import Counter
from collections.abc import AsyncIterator

from modulex_mem0.conformance.fault_server import Reply, json_reply
from modulex_mem0.conformance.findings import Finding, error
from modulex_mem0.conformance.probes.probe import probe
from modulex_mem0.conformance.testbed import AnyAction, Testbed

__all__ = ["methods", "sent_once"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@probe("An action is marked as read-only if it only reads, and not otherwise.")
async def methods(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Observe the methods of the requests that the example leads to."""
    record = await testbed.call(action)
    sent = {request.method for request in record.requests}
    place = f"actions.{action.name}.hints"
    if sent and sent <= _SAFE and not action.hints.read_only and record.succeeded:
        yield error(
            place,
            f"The action only sends {', '.join(sorted(sent))}, and is not marked as read_only.",
            "Set read_only=True, so that hosts need not ask before it is called.",
        )
    changing = sent & {"PUT", "PATCH", "DELETE"}
    if action.hints.read_only and changing:
        yield error(place, f"The action is read_only and sends {', '.join(sorted(changing))}.", "Correct the hint.")
    if "DELETE" in sent and not action.hints.destructive:
        yield error(place, "The action sends DELETE and is not marked as destructive.", "Set destructive=True.")


@probe("A request that changes something is sent once, unless the hints say that repeating it does no harm.")
async def sent_once(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Fail the first request in ways that invite a retry."""
    if action.hints.safe_to_retry:
        return
    for occasion, reply in {
        "HTTP 503": json_reply({}, 503, {"retry-after": "0"}),
        "HTTP 500": json_reply({}, 500),
        "a reset": Reply(ending="reset"),
    }.items():
        record = await testbed.call(action, answer=reply)
        sent = Counter((r.method, r.target, r.body) for r in record.requests if r.method not in _SAFE)
        if any(count > 1 for count in sent.values()):
            yield error(
                f"actions.{action.name}",
                f"After {occasion} the same request is sent again, which may do the work twice.",
                "Leave retries to context.http, or mark the action as idempotent if it is.",
            )
