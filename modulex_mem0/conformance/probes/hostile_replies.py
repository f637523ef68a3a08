"""Nothing that a service sends breaks an action, and no failure is told as a success."""

from collections.abc import AsyncIterator, Iterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.faults import Reply, json_reply
from modulex_mem0.conformance.faults.hostile import broken_replies, failing_replies, odd_replies
from modulex_mem0.conformance.faults.mutations import mutations
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe
from modulex_mem0.conformance.promises import broken_promises

__all__ = ["hostile_replies"]

_MOST_MUTATIONS = 60


@probe("Whatever the service sends, the action answers; a failure is never told as a success.")
async def hostile_replies(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Answer the example with everything that a service, a proxy or a stranger may send."""
    for occasion, reply, is_failure in _replies(bench, action):
        observed = await bench.call(action, answer=reply)
        for problem in broken_promises(action, observed, f"the reply {occasion!r}"):
            yield problem
        if is_failure and observed.requests and observed.succeeded:
            yield error(
                f"actions.{action.name}",
                f"The reply {occasion!r} is told as a success.",
                "Call reply.require_success(), and reply.json() where an answer is due.",
            )


def _replies(bench: Bench, action: AnyAction) -> Iterator[tuple[str, Reply, bool]]:
    for occasion, reply in failing_replies().items():
        yield occasion, reply, True
    for occasion, reply in broken_replies().items():
        # What an action that reads nothing from its reply makes of its body is its own affair.
        yield occasion, reply, action.hints.read_only
    for occasion, reply in odd_replies().items():
        yield occasion, reply, False
    good = bench.kit.replies.get(action.name, action.example.output if action.example else {})
    if not callable(good):
        for occasion, value in mutations(good, _MOST_MUTATIONS):
            yield occasion, json_reply(value), False
