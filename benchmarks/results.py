"""Reads a run's numbers: per round, so that a ratio compares turns that followed each other."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.plan import Load
from benchmarks.roster import RAW

__all__ = ["Results", "Round", "cpu_ms", "p99", "per_second"]

Round = Mapping[str, float]


def per_second(taken: Round) -> float:
    """Calls per second."""
    return taken["calls"] / taken["seconds"]


def cpu_ms(taken: Round) -> float:
    """Milliseconds of the client's CPU per call."""
    return taken["cpu"] / taken["calls"] * 1000


def p99(taken: Round) -> float:
    """The latency in milliseconds that one call in a hundred exceeds."""
    return taken["p99"]


class Results:
    """One run."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._throughput = {
            (Load(entry["scheme"], entry["records"], entry["at_once"]), entry["contender"]): entry["rounds"]
            for entry in data.get("throughput", ())
        }

    @classmethod
    def read(cls, file: Path) -> "Results":
        """From the file that a run wrote."""
        return cls(json.loads(file.read_text()))

    def loads(self) -> list[Load]:
        """The loads that were measured, in their order."""
        return list(dict.fromkeys(load for load, _ in self._throughput))

    def contenders(self) -> list[str]:
        """Those that were measured, in the order of the tables."""
        told = self.data["contenders"].items()
        return [name for name, entry in told if entry["skipped"] is None and name != RAW]

    def label(self, name: str) -> str:
        """What a contender is called in tables."""
        told: str = self.data["contenders"][name]["label"]
        return told

    def rounds(self, load: Load, contender: str) -> list[Round]:
        """All rounds; none where it was not measured."""
        taken: list[Round] = self._throughput.get((load, contender), [])
        return taken

    def value(self, load: Load, contender: str, metric: Callable[[Round], float]) -> float | None:
        """The median over the rounds."""
        values = [metric(taken) for taken in self.rounds(load, contender)]
        return median(values) if values else None

    def pairs(
        self, load: Load, one: str, other: str, metric: Callable[[Round], float], *, of: Callable[[float, float], float]
    ) -> list[float]:
        """What two contenders' values give together, round by round."""
        both = zip(self.rounds(load, one), self.rounds(load, other), strict=False)
        return [of(metric(a), metric(b)) for a, b in both]
