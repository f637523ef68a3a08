"""Writes `docs/performance.md`."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from benchmarks.plan import Load
from benchmarks.report.tables import (
    cold_start_table,
    contender_table,
    goal_table,
    headroom_table,
    load_table,
    longest_step_table,
    measured_transports,
    memory_table,
)
from benchmarks.results import Results

__all__ = ["page_is_current", "write_page"]

#: File names and what they show, in the order of the page.
_PLOTS: Final = {
    "calls.svg": "Calls per second, ten records, more is better",
    "open-calls.svg": "CPU per call and p99 latency against the number of open calls, less is better",
    "cold-start.svg": "Time and memory of a whole process, less is better",
    "memory.svg": "Resident memory over many calls",
}
_HEAD = """\
<!-- Written by `python -m benchmarks report`. Change benchmarks/, not this page. -->
# Performance

What a call through the runtime costs, beside what the same call costs by other ways. Measure it yourself:

```
make bench                  # half an hour; writes this page
make bench ARGS=--quick     # three minutes; prints the tables
```
"""

# Written by hand for the run that is recorded; a new run may need new ones.
_REASONS = Path(__file__).parent / "reasons.md"
_METHOD = """\
## How it is measured

- **The call** is a search: `POST /v3/memories/search/`, answered with 10, 200 or 1000 records of about half a kilobyte.
  Every contender sends the same question and turns the reply into Python objects; the runtime and ModuleX's tool also
  check it.
- **The server** is another process. It parses just enough of a request to find its end, and answers with bytes made
  beforehand.
- **Nobody is favoured**: one process each; at most 100 connections, kept alive for 4 seconds, for all who have such
  limits; the same certificates; connections are open before the clock starts; the contenders take turns in every round,
  and a ratio is taken within a round. Numbers are medians of rounds; *spread* is the distance between the best and the
  worst round.
- **CPU per call** is the process time of the contender's process, all threads and the kernel's part included. *By CPU*
  is a comparison of calls per second made by CPU per call instead, which other work on the machine disturbs less.
- **What the runtime adds** is its CPU per call less that of the bare exchange over the same transport: an
  `httpx.Request` is made, the transport called, the body read and decoded with `pydantic_core.from_json`. That is the
  cheapest exchange known here, so that the difference is not flattered.
- **The longest step** is the CPU time of the longest single callback of the event loop. A full garbage collection goes
  through all that the process holds, whoever set it off, so that it is told apart.
- **Cold start** is a whole process from its start to its end, with byte code already written, and the peak of its
  resident memory.
"""


def write_page(results: Results, docs: Path) -> None:
    """Write the page and its plots.

    Args:
        results: A run, best a full one.
        docs: The folder of the documentation.
    """
    from benchmarks.report.plots import draw  # noqa: PLC0415 - only here is matplotlib needed

    (docs / "performance.md").write_text(_page(results, draw(results, docs / "performance")))


def page_is_current(results: Results, docs: Path) -> bool:
    """Whether the page is the one that a run gives."""
    drawn = [name for name in _PLOTS if (docs / "performance" / name).exists()]
    return (docs / "performance.md").read_text() == _page(results, drawn)


def _page(results: Results, drawn: Collection[str]) -> str:
    plots = {name: f"![{_PLOTS[name]}](performance/{name})" for name in drawn}
    parts = [
        _HEAD,
        _machine(results.data),
        *_goals(results),
        _REASONS.read_text(),
        "## Throughput",
        plots.get("calls.svg"),
        plots.get("open-calls.svg"),
        *(part for load in results.loads() for part in (f"### {_title(load)}", load_table(results, load))),
        *_section("Longest step of the event loop", longest_step_table(results)),
        *_section("Cold start", cold_start_table(results), plots.get("cold-start.svg")),
        *_section("Memory", memory_table(results), plots.get("memory.svg")),
        *_section("The server is not the bottleneck", headroom_table(results)),
        _METHOD,
        *_section("Who was measured", contender_table(results)),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _title(load: Load) -> str:
    many = "one at a time" if load.at_once == 1 else f"{load.at_once} at once"
    return f"{load.records} records, {many}{', TLS' if load.scheme == 'https' else ''}"


def _machine(data: dict[str, Any]) -> str:
    machine = data["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"Measured on {machine['cpus']} CPUs ({machine['processor']}), {machine['system']}, {machine['python']}:"
        f" {packages}. A {data['plan']} run of {data['minutes']} minutes; the machine's load was {machine['load']:.1f}"
        " when it began."
    )


def _goals(results: Results) -> list[str]:
    return [
        part
        for transport in measured_transports(results)
        for part in (f"## Goals, over {transport}", goal_table(results, transport))
    ]


def _section(title: str, *parts: str | None) -> list[str | None]:
    return [f"## {title}", *parts] if any(parts) else []
