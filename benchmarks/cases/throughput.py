"""Calls per second, latency and CPU per call: every contender in turn, several rounds, under every load."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from benchmarks.bench import ROOT, Bench
from benchmarks.plan import Load, Plan
from benchmarks.progress import tell
from benchmarks.roster import ALL, RAW, why_not

__all__ = ["RAW_SETUP", "run_throughput"]

#: What the server can take is measured among the contenders, under the same load of the machine.
RAW_SETUP: Final = "no contender: the same bytes again and again over plain sockets, the reply's bytes counted"

Turn = Callable[[Load], dict[str, Any]]


def run_throughput(bench: Bench, plan: Plan) -> list[dict[str, Any]]:
    """One entry for each load and contender, with all its rounds."""
    turns: dict[str, Turn] = {RAW: lambda load: _raw(bench, plan, load)}
    turns |= {name: _turn(bench, plan, name) for name in ALL if why_not(name) is None}
    entries: list[dict[str, Any]] = []
    for load in plan.loads:
        tell(f"{load.scheme}, {load.records} records, {load.at_once} at once")
        rounds = _rounds(turns, plan, load)
        entries += ({**asdict(load), "contender": name, "rounds": taken} for name, taken in rounds.items())
    return entries


def _rounds(turns: Mapping[str, Turn], plan: Plan, load: Load) -> dict[str, list[dict[str, Any]]]:
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in turns}
    for _ in range(plan.rounds):
        for name, turn in turns.items():
            taken[name].append(turn(load))
    return taken


def _turn(bench: Bench, plan: Plan, name: str) -> Turn:
    client = bench.client(name)
    return lambda load: client.measure(load.scheme, load.records, at_once=load.at_once, seconds=plan.seconds)


def _raw(bench: Bench, plan: Plan, load: Load) -> dict[str, Any]:
    url = bench.server.url(load.scheme, load.records)
    command = [sys.executable, "-m", "benchmarks.raw_client", url, str(load.at_once), str(plan.seconds)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=bench.environment())
    counted: dict[str, Any] = json.loads(ended.stdout)
    return counted
