"""A run's numbers, kept by round, so that a ratio compares turns that followed each other."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.contenders import RAW, TRANSPORTS

__all__ = ["Load", "Results", "Round", "cpu_ms", "p50", "p99", "per_second"]

Round = Mapping[str, float]
Metric = Callable[[Round], float]

#: The latencies in milliseconds that half of the calls, and one in a hundred, exceeded.
p50: Final[Metric] = itemgetter("p50")
p99: Final[Metric] = itemgetter("p99")


def per_second(taken: Round) -> float:
    """Calls per second."""
    return taken["calls"] / taken["seconds"]


def cpu_ms(taken: Round) -> float:
    """Milliseconds of the client's CPU per call."""
    return taken["cpu"] / taken["calls"] * 1000


@dataclass(frozen=True, slots=True)
class Load:
    """How the contenders are called: the scheme, the records in a reply, and the calls open at once."""

    scheme: str
    records: int
    at_once: int

    @property
    def concurrency(self) -> str:
        """The number of open calls, in words."""
        return "one at a time" if self.at_once == 1 else f"{self.at_once} at once"

    @property
    def title(self) -> str:
        """All of it in words."""
        return f"{self.records} records, {self.concurrency}{', TLS' if self.scheme == 'https' else ''}"


class Results:
    """One run: `data` is what its file holds."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._rounds: dict[tuple[Load, str], list[Round]] = {
            (Load(entry["scheme"], entry["records"], entry["at_once"]), entry["contender"]): entry["rounds"]
            for entry in data.get("throughput", ())
        }
        #: The loads that were measured, in their order.
        self.loads = list(dict.fromkeys(load for load, _ in self._rounds))
        described = data["contenders"].items()
        #: The contenders that were measured, in the order of the tables.
        self.contenders = [name for name, entry in described if entry["skipped"] is None and name != RAW]
        #: The transports over which the runtime was measured.
        self.transports = [name for name, over in TRANSPORTS.items() if over.runtime in self.contenders]

    @classmethod
    def read(cls, file: Path) -> "Results":
        """Read the file that a run wrote."""
        return cls(json.loads(file.read_text()))

    def write(self, file: Path) -> None:
        """Write the run to a file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.data, ensure_ascii=False) + "\n")

    def label(self, contender: str) -> str:
        """A contender's name in tables."""
        label: str = self.data["contenders"][contender]["label"]
        return label

    def rounds(self, load: Load, contender: str) -> list[Round]:
        """All rounds; none where it was not measured."""
        return self._rounds.get((load, contender), [])

    def value(self, load: Load, contender: str, metric: Metric) -> float | None:
        """The median over the rounds."""
        values = [metric(taken) for taken in self.rounds(load, contender)]
        return median(values) if values else None

    def pairs(
        self, load: Load, one: str, other: str, metric: Metric, of: Callable[[float, float], float]
    ) -> list[float]:
        """The ratio or difference of two contenders, round by round."""
        both = zip(self.rounds(load, one), self.rounds(load, other), strict=False)
        return [of(metric(a), metric(b)) for a, b in both]
