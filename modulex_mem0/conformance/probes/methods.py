"""What an action sends agrees with what its hints say."""

from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["methods"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@probe("An action that only reads says so, and one that says so only reads.")
async def methods(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Observe the methods of the requests that the example leads to."""
    observed = await bench.call(action)
    sent = {request.method for request in observed.requests}
    place = f"actions.{action.name}.hints"
    if sent and sent <= _SAFE and not action.hints.read_only and observed.succeeded:
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
