"""A run: the cases one after the other, into one JSON file."""

import json
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import Bench, open_bench
from benchmarks.cases.blocking import run_blocking
from benchmarks.cases.cold_start import run_cold_start
from benchmarks.cases.growth import run_growth
from benchmarks.cases.memory import run_memory
from benchmarks.cases.throughput import RAW_SETUP, run_throughput
from benchmarks.machine import machine
from benchmarks.plan import Plan
from benchmarks.roster import ALL, RAW, module_of, why_not

__all__ = ["CASES", "run", "write"]

CASES: Final[dict[str, Callable[[Bench, Plan], Any]]] = {
    "throughput": run_throughput,
    "blocking": run_blocking,
    "growth": run_growth,
    "cold_start": run_cold_start,
    "memory": run_memory,
}


def run(plan: Plan, only: Collection[str] = ()) -> dict[str, Any]:
    """Measure.

    Args:
        plan: How much.
        only: The cases to measure; none means all.
    """
    begun = time.monotonic()
    data: dict[str, Any] = {"plan": plan.name, "machine": machine(), "contenders": _contenders()}
    for name, case in CASES.items():
        if not only or name in only:
            # Each case has its own processes: one case's heap is not another's burden.
            with open_bench() as bench:
                data[name] = case(bench, plan)
    data["minutes"] = round((time.monotonic() - begun) / 60, 1)
    return data


def write(data: dict[str, Any], file: Path) -> None:
    """Write a run where `report` reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data, ensure_ascii=False) + "\n")


def _contenders() -> dict[str, dict[str, str | None]]:
    told = {name: _contender(name, label) for name, (label, _) in ALL.items()}
    return told | {RAW: {"label": "raw sockets, nothing decoded", "setup": RAW_SETUP, "skipped": None}}


def _contender(name: str, label: str) -> dict[str, str | None]:
    reason = why_not(name)
    return {"label": label, "skipped": reason, "setup": None if reason else module_of(name).SETUP}
