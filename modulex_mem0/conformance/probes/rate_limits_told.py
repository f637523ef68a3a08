"""A caller that is told how long to wait can wait."""

from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.faults import json_reply
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["rate_limits_told"]

_WAIT = 77


@probe("A rate limit is told as `rate_limited`, with the seconds to wait that the service named.")
async def rate_limits_told(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Answer the example with 429."""
    reply = json_reply({"detail": "slow down"}, 429, {"retry-after": str(_WAIT)})
    observed = await bench.call(action, answer=reply)
    told = observed.result.error if observed.result else None
    if not observed.requests:
        return
    if told is None or told.code != "rate_limited" or told.retry_after != _WAIT:
        yield error(
            f"actions.{action.name}",
            f"HTTP 429 with Retry-After {_WAIT} is told as {observed.code or 'success'}"
            f" with retry_after {told.retry_after if told else None}.",
            "Call reply.require_success(), which tells both.",
        )
