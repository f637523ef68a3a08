"""The plots of the page, as SVG that is the same for the same numbers."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

from benchmarks.cases import PROGRAMS
from benchmarks.contenders import CONTENDERS
from benchmarks.results import Load, Results, cpu_ms, p99, per_second

__all__ = ["draw"]

_STYLE: Final[Any] = {
    "svg.hashsalt": "benchmarks",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
}
_OURS: Final = CONTENDERS["runtime_pyreqwest"].colour


def draw(results: Results, folder: Path) -> None:
    """Draw the plots of a full run."""
    loads = [load for load in results.loads if (load.scheme, load.records) == ("http", 10)]
    shown = {name: CONTENDERS[name].colour for name in results.contenders if CONTENDERS[name].colour}
    folder.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(_STYLE):
        for name, figure in {
            "calls.svg": _calls(results, loads, shown),
            "open-calls.svg": _open_calls(results, loads, shown),
            "cold-start.svg": _cold_start(results.data["cold_start"]),
            "memory.svg": _memory(results.data["memory"]["points"]),
        }.items():
            figure.tight_layout()
            figure.savefig(folder / name, metadata={"Date": None}, bbox_inches="tight")
            plt.close(figure)


def _calls(results: Results, loads: Sequence[Load], shown: dict[str, str | None]) -> Any:  # noqa: ANN401 - a figure
    figure, panels = plt.subplots(1, len(loads), figsize=(9, 2.8), sharey=True)
    for panel, load in zip(panels, loads, strict=True):
        rates = {results.label(name): results.value(load, name, per_second) or 0.0 for name in shown}
        _bars(panel, rates, list(shown.values()))
        panel.set_title(load.concurrency, loc="left")
    panels[0].invert_yaxis()
    return figure


def _open_calls(results: Results, loads: Sequence[Load], shown: dict[str, str | None]) -> Any:  # noqa: ANN401
    counts = [load.at_once for load in loads]
    figure, panels = plt.subplots(1, 2, figsize=(9, 3))
    for panel, metric, title in zip(panels, (cpu_ms, p99), ("CPU, ms per call", "p99 latency, ms"), strict=True):
        for name, colour in shown.items():
            values = [results.value(load, name, metric) for load in loads]
            style = {"color": colour, "linewidth": 2.4 if name.startswith("runtime_") else 1.2}
            panel.plot(counts, values, marker="o", markersize=3, label=results.label(name), **style)
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xticks(counts, [str(count) for count in counts])
        panel.set_xlabel("open calls")
        panel.set_title(title, loc="left")
    panels[1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _cold_start(starts: dict[str, Any]) -> Any:  # noqa: ANN401 - a figure
    shown = [name for name in PROGRAMS if name in starts and name not in ("python", "pydantic")]
    colours = [CONTENDERS[name].colour if name in CONTENDERS else _OURS for name in shown]
    figure, panels = plt.subplots(1, 2, figsize=(9, 2.4), sharey=True)
    for panel, used, scale, unit in zip(panels, ("seconds", "mib"), (1000, 1), (" ms", " MiB"), strict=True):
        values = {PROGRAMS[name][0].replace("`", ""): median(starts[name][used]) * scale for name in shown}
        _bars(panel, values, colours, unit)
    panels[0].invert_yaxis()
    return figure


def _bars(panel: Any, values: dict[str, float], colours: list[str | None], unit: str = "") -> None:  # noqa: ANN401
    """A bar for each label with its value beside it, and no axis below."""
    bars = panel.barh(list(values), list(values.values()), color=colours)
    panel.bar_label(bars, [f"{value:,.0f}{unit}" for value in values.values()], padding=2)
    panel.margins(x=0.25)
    panel.set_xticks([])
    panel.spines["bottom"].set_visible(b=False)


def _memory(points: list[dict[str, float]]) -> Any:  # noqa: ANN401 - a figure
    figure, panel = plt.subplots(figsize=(6, 2.4))
    panel.plot([p["calls"] for p in points], [p["mib"] for p in points], marker="o", markersize=3, color=_OURS)
    panel.set_ylim(0, max(p["mib"] for p in points) * 1.3)
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    panel.set_xlabel("calls")
    panel.set_ylabel("MiB")
    return figure
