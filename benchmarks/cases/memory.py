"""Memory over many calls: it must not grow."""

from typing import Any, Final

from benchmarks.bench import Bench
from benchmarks.plan import Plan
from benchmarks.progress import tell
from benchmarks.roster import RUNTIMES, why_not

__all__ = ["run_memory"]

_POINTS: Final = 10
_AT_ONCE: Final = 8


def run_memory(bench: Bench, plan: Plan) -> dict[str, Any]:
    """Resident memory and blocks in use at ten points of the way, over the first transport that the runtime offers."""
    name = next(name for name in RUNTIMES.values() if why_not(name) is None)
    tell(f"memory over {plan.lasting_calls:,} calls")
    client = bench.client(name)
    client.measure("http", 10, at_once=_AT_ONCE, calls=1000)
    points: list[dict[str, float]] = []
    made = 0
    for _ in range(_POINTS):
        sample = client.measure("http", 10, at_once=_AT_ONCE, calls=plan.lasting_calls // _POINTS, warm=True)
        made += sample["calls"]
        points.append({"calls": made, "mib": sample["rss"] / 2**20, "blocks": sample["blocks"]})
    return {"contender": name, "points": points}
