"""An id stands for one thing, never for all."""

from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.described_action import described_action
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["ids_single"]

_WILDCARDS = ("*", " * ", "")


@probe("A parameter that is an id refuses wildcards and blanks, which some services take for everything.")
async def ids_single(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Put wildcards into each parameter whose name says that it is an id."""
    good = bench.input_of(action)
    for name in described_action(action).input_schema.get("properties", {}):
        if name != "id" and not name.endswith("_id"):
            continue
        for wildcard in _WILDCARDS:
            observed = await bench.call(action, {**good, name: wildcard})
            if observed.requests and observed.code != "invalid_input":
                yield error(
                    f"actions.{action.name}.input.{name}",
                    f"The id {wildcard!r} is sent to the service, which may take it for everyone's.",
                    "Refuse wildcards and blanks; if the service knows none, exempt this probe.",
                )
