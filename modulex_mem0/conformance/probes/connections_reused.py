"""Calls share connections: opening one costs more than the rest of a call."""

from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["connections_reused"]

_CALLS = 5


@probe("Calls one after another use the same connection.")
async def connections_reused(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Call the example several times and count connections."""
    await bench.call(action)
    opened = requests = 0
    for _ in range(_CALLS):
        observed = await bench.call(action)
        opened += bench.server.connections
        requests += bool(observed.requests)
    if requests == _CALLS and opened >= _CALLS:
        yield error(
            f"actions.{action.name}",
            f"{_CALLS} calls opened {opened} connections.",
            "Send requests through context.http, whose connections all calls share.",
        )
