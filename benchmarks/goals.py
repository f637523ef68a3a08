"""The goals, as numbers beside what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import sub, truediv
from statistics import median
from typing import Any, Final

from benchmarks.plan import Load
from benchmarks.results import Results, cpu_ms, p99, per_second
from benchmarks.roster import CLIENT_OVER, EXCHANGE_OVER, RUNTIMES

__all__ = ["Verdict", "verdicts"]

_FLAT: Final = 0.15


@dataclass(frozen=True, slots=True)
class Verdict:
    """One goal and what became of it.

    Attributes:
        what: What is compared.
        goal: The limit.
        value: What was measured: the median over the rounds; None where the run lacks it.
        least: Whether the limit is the least that the value may be, or else the most.
        unit: After the numbers.
        spread: The least and the most of the rounds.
        by_cpu: The same comparison by CPU per call, which other work on the machine disturbs less.
    """

    what: str
    goal: float
    value: float | None
    least: bool
    unit: str
    spread: tuple[float, float] = (0.0, 0.0)
    by_cpu: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether it was reached; None where it was not measured."""
        if self.value is None:
            return None
        return self.value >= self.goal if self.least else self.value <= self.goal

    @property
    def margin(self) -> float | None:
        """By what share of the goal the value is better (or, below zero, worse) than it had to be."""
        if self.value is None:
            return None
        return (self.value - self.goal if self.least else self.goal - self.value) / self.goal


def verdicts(results: Results, transport: str) -> list[Verdict]:
    """All goals, for the runtime over one transport."""
    return [
        *_one_at_a_time(results, transport),
        *_many_at_once(results, transport),
        *_cpu(results, transport),
        *_growth(results, transport),
        *_cold_start(results.data.get("cold_start", {})),
        *_memory(results.data.get("memory")),
    ]


def _at_least(what: str, goal: float, values: list[float], unit: str = "×") -> Verdict:
    return _verdict(what, goal, values, unit, least=True)


def _at_most(what: str, goal: float, values: list[float], unit: str) -> Verdict:
    return _verdict(what, goal, values, unit, least=False)


def _verdict(what: str, goal: float, values: list[float], unit: str, *, least: bool) -> Verdict:
    if not values:
        return Verdict(what, goal, None, least, unit)
    return Verdict(what, goal, median(values), least, unit, (min(values), max(values)))


def _faster(results: Results, load: Load, transport: str, other: str, goal: float) -> Verdict:
    many = "one at a time" if load.at_once == 1 else f"{load.at_once} at once"
    what = f"calls per second, {many} / {results.label(other)}"
    rates = results.pairs(load, RUNTIMES[transport], other, per_second, of=truediv)
    used = results.pairs(load, other, RUNTIMES[transport], cpu_ms, of=truediv)
    return replace(_at_least(what, goal, rates), by_cpu=median(used) if used else None)


def _one_at_a_time(results: Results, transport: str) -> Iterator[Verdict]:
    load = Load("http", 10, 1)
    for other, goal in (
        (CLIENT_OVER[transport], 1.1),
        ("bare_aiohttp", 0.55),
        ("modulex_tool", 45.0),
        ("official", 1.8),
    ):
        yield _faster(results, load, transport, other, goal)


def _many_at_once(results: Results, transport: str) -> Iterator[Verdict]:
    for at_once in (32, 128):
        load = Load("http", 10, at_once)
        for other, goal in ((CLIENT_OVER[transport], 1.2), ("bare_httpx", 4.0), ("modulex_tool", 60.0)):
            yield _faster(results, load, transport, other, goal)
    late = results.pairs(Load("http", 10, 128), RUNTIMES[transport], "bare_httpx", p99, of=truediv)
    yield _at_most(f"p99 latency, 128 at once / {results.label('bare_httpx')}", 0.2, late, "×")


def _cpu(results: Results, transport: str) -> Iterator[Verdict]:
    for records, goal in ((10, 0.1), (1000, 6.0)):
        added = results.pairs(Load("http", records, 1), RUNTIMES[transport], EXCHANGE_OVER[transport], cpu_ms, of=sub)
        yield _at_most(f"CPU that the runtime adds, {records} records", goal, added, "ms")
    steps = [
        taken
        for entry in results.data.get("blocking", ())
        if (entry["contender"], entry["records"], entry["at_once"]) == (RUNTIMES[transport], 1000, 1)
        for taken in entry["rounds"]
    ]
    step = "longest step of the event loop, 1000 records"
    yield _at_most(f"{step}, garbage collection apart", 6.0, [taken["own"] for taken in steps], "ms")
    yield _at_most(f"{step}, garbage collection included", 6.0, [taken["milliseconds"] for taken in steps], "ms")


def _growth(results: Results, transport: str) -> Iterator[Verdict]:
    ours = RUNTIMES[transport]
    many = results.rounds(Load("http", 10, 128), ours)
    one = results.rounds(Load("http", 10, 1), ours)
    open_calls = [cpu_ms(a) / cpu_ms(b) for a, b in zip(many, one, strict=False)]
    yield _at_most("CPU per call, 128 open calls / 1", 1 + _FLAT, open_calls, "×")
    taken = {e["installed"]: e["rounds"] for e in results.data.get("growth", ()) if e["contender"] == ours}
    most = taken.get(max(taken, default=0), [])
    installed = [cpu_ms(a) / cpu_ms(b) for a, b in zip(most, taken.get(1, []), strict=False)]
    yield _at_most(f"CPU per call, {max(taken, default=200)} integrations / 1", 1 + _FLAT, installed, "×")


def _cold_start(starts: dict[str, dict[str, list[float]]]) -> Iterator[Verdict]:
    for what, program, used, goal in (
        ("time to discover and read the manifest", "discover", "seconds", 1 / 5),
        ("memory to discover and read the manifest", "discover", "mib", 1 / 2),
        ("time of `modulex-mem0 actions`", "actions", "seconds", 1 / 3),
        ("time of `modulex-mem0 --help`", "help", "seconds", 1 / 3),
    ):
        ours, theirs = (starts.get(name, {}).get(used, []) for name in (program, "modulex_tool"))
        ratios = [a / b for a, b in zip(ours, theirs, strict=False)]
        yield _at_most(f"{what} / importing ModuleX's tool", goal, ratios, "×")


def _memory(memory: dict[str, Any] | None) -> Iterator[Verdict]:
    points = memory["points"] if memory else []
    # The first fifth is the warming up of allocators and caches.
    later = points[len(points) // 5 :]
    calls = points[-1]["calls"] if points else 100_000
    growth = [later[-1]["blocks"] / later[0]["blocks"]] if later else []
    yield _at_most(f"blocks of memory after {calls:,} calls / after a fifth of them", 1.01, growth, "×")
    grown = [later[-1]["mib"] / later[0]["mib"]] if later else []
    yield _at_most(f"resident memory after {calls:,} calls / after a fifth of them", 1.02, grown, "×")
