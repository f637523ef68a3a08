"""The example works as declared, where its service's reply is known."""

from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe
from modulex_mem0.conformance.promises import broken_promises

__all__ = ["example_works"]


@probe("The example of an action is accepted, and succeeds where the service's reply to it is known.")
async def example_works(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Call the action with its example."""
    place = f"actions.{action.name}"
    observed = await bench.call(action)
    for problem in broken_promises(action, observed, "its own example"):
        yield problem
    if action.example is not None and observed.code == "invalid_input" and not observed.requests:
        yield error(f"{place}.example", f"The example is refused: {_told(observed.result)}.", "Give one that works.")
    elif observed.code == "timeout":
        yield error(place, "The action goes on until its deadline, though it has its answer.", "Let it end by itself.")
    elif action.name in bench.kit.replies and not observed.succeeded:
        yield error(
            place,
            f"With its example and a good reply the action fails: {_told(observed.result)}.",
            "Correct the reply that the kit was given, or the action.",
        )


def _told(result: object) -> str:
    return str(getattr(getattr(result, "error", None), "line", "no result"))[:200]
