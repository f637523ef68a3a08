"""The longest step of the event loop: how long a call keeps everything else waiting."""

from dataclasses import asdict
from typing import Any, Final

from benchmarks.bench import Bench
from benchmarks.plan import Plan
from benchmarks.progress import tell
from benchmarks.roster import why_not

__all__ = ["run_blocking"]

_CONTENDERS: Final = ("runtime_aiohttp", "runtime_httpx", "bare_httpx", "bare_aiohttp", "official", "modulex_tool")


def run_blocking(bench: Bench, plan: Plan) -> list[dict[str, Any]]:
    """One entry for each load and contender: the longest step of each round, with and without garbage collection."""
    clients = {name: bench.client(name) for name in _CONTENDERS if why_not(name) is None}
    entries: list[dict[str, Any]] = []
    for load in plan.watched:
        tell(f"the longest step, {load.records} records, {load.at_once} at once")
        steps: dict[str, list[dict[str, float]]] = {name: [] for name in clients}
        for _ in range(plan.rounds):
            for name, client in clients.items():
                sample = client.measure(
                    load.scheme, load.records, at_once=load.at_once, seconds=plan.seconds, watch=True
                )
                steps[name].append(sample["longest_step"])
        entries += ({**asdict(load), "contender": name, "rounds": taken} for name, taken in steps.items())
    return entries
