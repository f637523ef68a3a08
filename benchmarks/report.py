"""Shows a run: as tables in a terminal, and as `docs/performance.md`, which is `page.md` with the tables filled in."""

from collections.abc import Iterable, Sequence
from operator import truediv
from pathlib import Path
from statistics import median
from string import Template
from typing import Any, Final

from benchmarks.cases import PROGRAMS
from benchmarks.contenders import RAW
from benchmarks.goals import Goal, goals
from benchmarks.results import Load, Results, cpu_ms, p50, p99, per_second

__all__ = ["number", "page", "table", "tables"]

#: The page's prose. It also gives the reasons for goals that the recorded run misses, which a new run may change.
_PAGE: Final = Path(__file__).parent / "page.md"


def tables(results: Results) -> str:
    """All tables, as a terminal shows them."""
    cases = {
        "Longest step of the event loop": _blocking(results),
        "Cold start": _cold_start(results),
        "Memory": _memory(results),
        "What the server can take": _headroom(results),
    }
    sections = _throughput(results) | {title: made for title, made in cases.items() if made} | _goals(results)
    return "\n\n".join(f"{title}\n\n{made}" for title, made in sections.items())


def page(results: Results) -> str:
    """The page of a full run, which links the plots that `plots.draw` makes."""
    return Template(_PAGE.read_text()).substitute(
        machine=_machine(results.data),
        goals="\n\n".join(f"## {title}\n\n{made}" for title, made in _goals(results).items()),
        throughput="\n\n".join(f"### {title}\n\n{made}" for title, made in _throughput(results).items()),
        blocking=_blocking(results),
        cold_start=_cold_start(results),
        memory=_memory(results),
        headroom=_headroom(results),
        contenders=_contenders(results),
    )


def _machine(data: dict[str, Any]) -> str:
    machine = data["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"Measured on {machine['cpus']} CPUs ({machine['processor']}), {machine['system']}, {machine['python']}:"
        f" {packages}. A {data['plan']} run of {data['minutes']} minutes; the machine's load was {machine['load']:.1f}"
        " when it began."
    )


def _goals(results: Results) -> dict[str, str]:
    head = ["goal", "limit", "measured", "rounds", "by CPU", ""]
    return {f"Goals, over {name}": table(head, map(_goal, goals(results, name))) for name in results.transports}


def _goal(goal: Goal) -> list[str]:
    limit = f"{'≥' if goal.least else '≤'} {number(goal.limit, goal.unit)}"
    if goal.margin is None:
        return [goal.name, limit, "–", "–", "–", "not measured"]
    verdict, better = ("met", "better") if goal.margin >= 0 else ("**not met**", "short" if goal.least else "over")
    return [
        goal.name,
        limit,
        number(median(goal.values), goal.unit),
        f"{number(min(goal.values))} to {number(max(goal.values))}",
        number(goal.by_cpu, "×") if goal.by_cpu else "",
        f"{verdict}, {abs(goal.margin):.0%} {better}",
    ]


def _throughput(results: Results) -> dict[str, str]:
    return {load.title: _contenders_under(results, load) for load in results.loads}


def _contenders_under(results: Results, load: Load) -> str:
    measured = {name: rounds for name in results.contenders if (rounds := results.rounds(load, name))}
    rates = {name: [per_second(taken) for taken in rounds] for name, rounds in measured.items()}
    fastest = max(map(median, rates.values()))
    rows = [
        [
            results.label(name),
            number(rate := median(rates[name])),
            f"{(max(rates[name]) - min(rates[name])) / rate:.0%}",
            number(rate / fastest),
            *(number(results.value(load, name, metric)) for metric in (p50, p99, cpu_ms)),
            f"{median(taken['server_cpu'] / taken['seconds'] for taken in rounds):.0%}",
        ]
        for name, rounds in measured.items()
    ]
    return table(["", "calls/s", "spread", "of the fastest", "p50 ms", "p99 ms", "CPU ms/call", "server busy"], rows)


def _blocking(results: Results) -> str:
    rows = [
        [
            f"{results.label(entry['contender'])}, {entry['records']} records, {entry['at_once']} at once",
            *(number(median(taken[kind] for taken in entry["rounds"])) for kind in ("own", "milliseconds")),
        ]
        for entry in results.data.get("blocking", ())
    ]
    return table(["", "ms without garbage collection", "ms with it"], rows)


def _cold_start(results: Results) -> str:
    rows = [
        [PROGRAMS[name][0], number(median(start["seconds"]) * 1000), number(median(start["mib"]))]
        for name, start in results.data.get("cold_start", {}).items()
    ]
    return table(["", "ms", "MiB"], rows)


def _memory(results: Results) -> str:
    points = results.data.get("memory", {}).get("points", ())
    rows = [[f"{point['calls']:,}", f"{point['mib']:.1f}", f"{point['blocks']:,}"] for point in points]
    return table(["calls", "resident MiB", "blocks in use"], rows)


def _headroom(results: Results) -> str:
    """The rate of raw sockets beside that of the fastest contender, in the same rounds."""
    rows = []
    for load in results.loads:
        fastest = max(results.contenders, key=lambda name: results.value(load, name, per_second) or 0.0)
        rates = [number(results.value(load, name, per_second)) for name in (RAW, fastest)]
        headroom = median(results.pairs(load, RAW, fastest, per_second, truediv))
        rows.append([load.title, *rates, results.label(fastest), number(headroom, "×")])
    return table(["", "raw sockets, calls/s", "fastest contender, calls/s", "", "headroom"], rows)


def _contenders(results: Results) -> str:
    """How each was set up, or why it is missing."""
    entries = results.data["contenders"].values()
    rows = [[e["label"], f"not measured: {e['skipped']}" if e["skipped"] else e["setup"]] for e in entries]
    return table(["", "set up as"], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, aligned for terminals: text in the first column, numbers in the others. Empty without rows."""
    cells = [list(head), *map(list, rows)]
    if len(cells) == 1:
        return ""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    lines = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, unit: str = "") -> str:
    """A number with three significant digits, or a dash for what was not measured."""
    if value is None:
        return "–"
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 or value == 0 else 3
    return f"{value:,.{decimals}f} {unit}".rstrip()
