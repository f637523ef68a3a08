"""The tables of a run."""

from operator import truediv
from statistics import median

from benchmarks.goals import Verdict, verdicts
from benchmarks.plan import Load
from benchmarks.report.markdown import number, table
from benchmarks.results import Results, cpu_ms, p99, per_second
from benchmarks.roster import RAW, RUNTIMES

__all__ = [
    "cold_start_table",
    "contender_table",
    "goal_table",
    "headroom_table",
    "load_table",
    "longest_step_table",
    "measured_transports",
    "memory_table",
    "tables",
]

_PROGRAMS = {
    "python": "an interpreter that does nothing",
    "pydantic": "one pydantic model of one field",
    "discover": "discover Mem0 and read its manifest",
    "discover_many": "the same with 200 integrations installed",
    "actions": "`modulex-mem0 actions`",
    "help": "`modulex-mem0 --help`",
    "modulex_tool": "import ModuleX's mem0 tool",
    "official": "import the official client",
}


def tables(results: Results) -> str:
    """Everything, as a terminal shows it."""
    parts = [table_ for load in results.loads() for table_ in (_title(load), load_table(results, load))]
    for title, told in (
        ("Longest step of the event loop", longest_step_table(results)),
        ("Cold start", cold_start_table(results)),
        ("Memory", memory_table(results)),
        ("What the server can take", headroom_table(results)),
        *((f"Goals, runtime over {name}", goal_table(results, name)) for name in measured_transports(results)),
    ):
        parts += [title, told] if told else []
    return "\n\n".join(parts)


def measured_transports(results: Results) -> list[str]:
    """The transports over which the runtime was measured."""
    return [transport for transport, name in RUNTIMES.items() if name in results.contenders()]


def _title(load: Load) -> str:
    return f"{load.records} records, {load.at_once} at once, {'TLS' if load.scheme == 'https' else 'plain'}"


def load_table(results: Results, load: Load) -> str:
    """All contenders under one load."""
    fastest = max((results.value(load, name, per_second) or 0.0) for name in results.contenders())
    rows = []
    for name in results.contenders():
        rates = [per_second(taken) for taken in results.rounds(load, name)]
        if not rates:
            continue
        rate = median(rates)
        cpu, late = results.value(load, name, cpu_ms), results.value(load, name, p99)
        busy = median(taken["server_cpu"] / taken["seconds"] for taken in results.rounds(load, name))
        rows.append(
            [
                results.label(name),
                number(rate),
                f"{(max(rates) - min(rates)) / rate:.0%}",
                number(rate / fastest),
                number(results.value(load, name, lambda taken: taken["p50"])),
                number(late),
                number(cpu),
                f"{busy:.0%}",
            ]
        )
    return table(["", "calls/s", "spread", "of the fastest", "p50 ms", "p99 ms", "CPU ms/call", "server busy"], rows)


def goal_table(results: Results, transport: str) -> str:
    """The goals beside what was measured."""
    return table(["goal", "limit", "measured", "rounds", "by CPU", ""], map(_goal_row, verdicts(results, transport)))


def _goal_row(verdict: Verdict) -> list[str]:
    limit = f"{'≥' if verdict.least else '≤'} {number(verdict.goal, verdict.unit)}"
    if verdict.value is None or verdict.margin is None:
        return [verdict.what, limit, "–", "–", "–", "not measured"]
    least, most = verdict.spread
    told = "met" if verdict.met else "**not met**"
    return [
        verdict.what,
        limit,
        number(verdict.value, verdict.unit),
        f"{number(least)} to {number(most)}",
        number(verdict.by_cpu, "×") if verdict.by_cpu else "",
        f"{told}, {abs(verdict.margin):.0%} {_better(verdict)}",
    ]


def _better(verdict: Verdict) -> str:
    return "better" if verdict.met else "short" if verdict.least else "over"


def longest_step_table(results: Results) -> str:
    """The longest step of each round, its median, without garbage collection and with it."""
    rows = [
        [
            f"{results.label(entry['contender'])}, {entry['records']} records, {entry['at_once']} at once",
            number(median(taken["own"] for taken in entry["rounds"])),
            number(median(taken["milliseconds"] for taken in entry["rounds"])),
        ]
        for entry in results.data.get("blocking", ())
    ]
    return table(["", "ms, collections apart", "ms, with them"], rows) if rows else ""


def cold_start_table(results: Results) -> str:
    """Whole processes."""
    rows = [
        [_PROGRAMS[name], number(median(start["seconds"]) * 1000), number(median(start["mib"]))]
        for name, start in results.data.get("cold_start", {}).items()
    ]
    return table(["", "ms", "MiB"], rows) if rows else ""


def memory_table(results: Results) -> str:
    """The way of the memory over many calls."""
    memory = results.data.get("memory")
    if memory is None:
        return ""
    rows = [[f"{p['calls']:,}", f"{p['mib']:.1f}", f"{p['blocks']:,}"] for p in memory["points"]]
    return table(["calls", "resident MiB", "blocks in use"], rows)


def headroom_table(results: Results) -> str:
    """The raw client's rate beside the fastest contender's, in the same rounds."""
    rows = []
    for load in results.loads():
        fastest = max(results.contenders(), key=lambda name: results.value(load, name, per_second) or 0.0)
        headroom = results.pairs(load, RAW, fastest, per_second, of=truediv)
        if headroom:
            rates = [number(results.value(load, name, per_second)) for name in (RAW, fastest)]
            rows.append([_title(load), *rates, results.label(fastest), number(median(headroom), "×")])
    return table(["", "raw sockets, calls/s", "fastest contender, calls/s", "", "headroom"], rows) if rows else ""


def contender_table(results: Results) -> str:
    """How each was set up, or why it is missing."""
    rows = [
        [entry["label"], entry["setup"] or f"not measured: {entry['skipped']}"]
        for entry in results.data["contenders"].values()
    ]
    return table(["", "set up as"], rows)
