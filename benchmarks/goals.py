"""The goals, and what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import sub, truediv
from statistics import median

from benchmarks.contenders import TRANSPORTS
from benchmarks.results import Load, Results, cpu_ms, p99, per_second

__all__ = ["Goal", "goals"]


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal, and the rounds that decide it.

    Attributes:
        name: What is compared.
        limit: What the median must reach, or not exceed.
        values: One for each round; none where the run lacks it.
        unit: After the numbers.
        least: Whether the limit is a minimum.
        by_cpu: The same comparison by CPU per call, which other work on the machine disturbs less.
    """

    name: str
    limit: float
    values: Sequence[float]
    unit: str = "×"
    least: bool = False
    by_cpu: float | None = None

    @property
    def margin(self) -> float | None:
        """By what share of the limit the median is better, or, below zero, worse; None where it was not measured."""
        if not self.values:
            return None
        over = (median(self.values) - self.limit) / self.limit
        return over if self.least else -over


def goals(results: Results, transport: str) -> list[Goal]:
    """All goals, for the runtime over one transport."""
    over, data = TRANSPORTS[transport], results.data
    ours = over.runtime
    one, many = Load("http", 10, 1), Load("http", 10, 128)

    def rate(at_once: int, other: str, limit: float) -> Goal:
        load = Load("http", 10, at_once)
        cpu = results.pairs(load, other, ours, cpu_ms, truediv)
        return Goal(
            f"calls per second, {load.concurrency} / {results.label(other)}",
            limit,
            results.pairs(load, ours, other, per_second, truediv),
            least=True,
            by_cpu=median(cpu) if cpu else None,
        )

    def large_replies(records: int, at_once: int) -> Goal:
        load = Load("http", records, at_once)
        cpu = results.pairs(load, "bare_aiohttp", ours, cpu_ms, truediv)
        return Goal(
            f"calls per second, {load.title} / {results.label('bare_aiohttp')}",
            0.9,
            results.pairs(load, ours, "bare_aiohttp", per_second, truediv),
            least=True,
            by_cpu=median(cpu) if cpu else None,
        )

    def added_cpu(records: int, limit: float) -> Goal:
        added = results.pairs(Load("http", records, 1), ours, over.exchange, cpu_ms, sub)
        return Goal(f"CPU that the runtime adds, {records} records", limit, added, "ms")

    def longest_step(name: str, kind: str) -> Goal:
        steps = [
            taken[kind]
            for entry in data.get("blocking", ())
            if (entry["contender"], entry["records"], entry["at_once"]) == (ours, 1000, 1)
            for taken in entry["rounds"]
        ]
        return Goal(f"longest step of the event loop, 1000 records, {name}", 6.0, steps, "ms")

    def cold_start(name: str, program: str, used: str, limit: float) -> Goal:
        programs = data.get("cold_start", {})
        pair = (programs.get(who, {}).get(used, []) for who in (program, "modulex_tool"))
        return Goal(f"{name} / importing ModuleX's tool", limit, _ratios(*pair))

    def memory(name: str, used: str, limit: float) -> Goal:
        points = data.get("memory", {}).get("points", [])
        calls = points[-1]["calls"] if points else 100_000
        # The first fifth warms allocators and caches up.
        growth = [points[-1][used] / points[len(points) // 5][used]] if points else []
        return Goal(f"{name} after {calls:,} calls / after a fifth of them", limit, growth)

    served = [taken["server"] - taken["runtime"] for taken in data.get("rest", {}).get("rounds", ())]
    open_calls = _ratios(*([cpu_ms(taken) for taken in results.rounds(load, ours)] for load in (many, one)))
    installed = {
        entry["installed"]: [cpu_ms(taken) for taken in entry["rounds"]]
        for entry in data.get("growth", ())
        if entry["contender"] == ours
    }
    most = max(installed, default=200)
    fast = transport == "pyreqwest"
    small = (
        [
            rate(1, over.client, 1.5),
            rate(32, over.client, 2.0),
            rate(128, over.client, 2.5),
            rate(1, "bare_aiohttp", 0.9),
            rate(32, "bare_aiohttp", 1.0),
            rate(128, "bare_aiohttp", 1.2),
            rate(32, "modulex_tool", 60),
            rate(32, "official", 4),
            Goal(
                f"p99 latency, 128 at once / {results.label('bare_aiohttp')}",
                1.0,
                results.pairs(many, ours, "bare_aiohttp", p99, truediv),
            ),
        ]
        if fast
        else [rate(32, over.client, 1.0), rate(128, over.client, 1.0)]
    )
    large = [large_replies(records, at_once) for records in (200, 1000) for at_once in (1, 32)]
    alone = [cpu_ms(taken) for taken in results.rounds(one, "runtime_alone")]
    thousand = results.pairs(Load("http", 10, 32), "runtime_thousand", "runtime_unbound", cpu_ms, truediv)
    return [
        *small,
        *(large if fast else ()),
        Goal("CPU of the runtime alone, 10 records, nothing sent", 0.07, alone, "ms"),
        added_cpu(10, 0.08),
        *(
            [
                Goal("CPU per call, 1,000 credentials / 1, 32 at once", 1.15, thousand),
                Goal("CPU that the REST API adds to a call of the sandbox", 0.3, served, "ms"),
            ]
            if transport == "pyreqwest"
            else ()
        ),
        longest_step("without garbage collection", "own"),
        longest_step("with garbage collection", "milliseconds"),
        Goal("CPU per call, 128 open calls / 1", 1.15, open_calls),
        Goal(f"CPU per call, {most} integrations / 1", 1.15, _ratios(installed.get(most, []), installed.get(1, []))),
        cold_start("time to discover and read the manifest", "discover", "seconds", 1 / 5),
        cold_start("memory to discover and read the manifest", "discover", "mib", 1 / 2),
        cold_start("time of `modulex-mem0 actions`", "actions", "seconds", 0.25),
        cold_start("time of `modulex-mem0 --help`", "help", "seconds", 0.06),
        memory("blocks of memory", "blocks", 1.01),
        memory("resident memory", "mib", 1.02),
    ]


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(ours, theirs, strict=False)]
