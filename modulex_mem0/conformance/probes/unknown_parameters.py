"""A misspelt parameter is refused, not dropped in silence."""

from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe
from modulex_mem0.conformance.promises import broken_promises

__all__ = ["unknown_parameters"]


@probe("A parameter that does not exist is refused with `invalid_input` before anything is sent.")
async def unknown_parameters(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Add a parameter to the example."""
    for extra in ("no_such_parameter", "__class__", "model_config", ""):
        observed = await bench.call(action, {**bench.input_of(action), extra: 1})
        occasion = f"the unknown parameter {extra!r}"
        for problem in broken_promises(action, observed, occasion):
            yield problem
        if observed.code != "invalid_input" or observed.requests:
            yield error(
                f"actions.{action.name}.input",
                f"With {occasion} the call goes on as if it were not there.",
                "Derive the input from ActionInput, or set additionalProperties to false.",
            )
