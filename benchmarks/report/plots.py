"""The plots of the page, as SVG that comes out the same for the same numbers."""

from pathlib import Path
from statistics import median
from typing import Any, Final

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

from benchmarks.plan import Load
from benchmarks.results import Results, cpu_ms, p99, per_second

__all__ = ["draw"]

_STYLE: Final[Any] = {
    "svg.hashsalt": "benchmarks",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
}
_OURS: Final = "#0b6e4f"
_COLOURS: Final = {
    "runtime_aiohttp": _OURS,
    "runtime_httpx": "#6bbf59",
    "bare_httpx": "#c8553d",
    "httpx_over_aiohttp": "#f28f3b",
    "bare_aiohttp": "#7c7c7c",
    "official": "#4464ad",
    "modulex_tool": "#8d4a9e",
}


def draw(results: Results, folder: Path) -> list[str]:
    """Draw what the run has numbers for, and tell the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with plt.rc_context(_STYLE):
        for name, plot in (
            ("calls.svg", _calls),
            ("open-calls.svg", _open_calls),
            ("cold-start.svg", _cold_start),
            ("memory.svg", _memory),
        ):
            figure = plot(results)
            if figure is not None:
                figure.savefig(folder / name, metadata={"Date": None}, bbox_inches="tight")
                plt.close(figure)
                drawn.append(name)
    return drawn


def _shown(results: Results) -> list[str]:
    return [name for name in _COLOURS if name in results.contenders()]


def _open(results: Results) -> list[int]:
    return [load.at_once for load in results.loads() if (load.scheme, load.records) == ("http", 10)]


def _calls(results: Results) -> Any:  # noqa: ANN401 - a figure
    counts, names = _open(results), _shown(results)
    if not counts:
        return None
    figure, panels = plt.subplots(1, len(counts), figsize=(9, 2.8), sharey=True, squeeze=False)
    for panel, at_once in zip(panels[0], counts, strict=True):
        rates = [results.value(Load("http", 10, at_once), name, per_second) or 0.0 for name in names]
        colours = [_COLOURS[name] for name in names]
        _bars(panel, [results.label(name) for name in names], rates, colours, margin=0.25)
        panel.set_title("one at a time" if at_once == 1 else f"{at_once} at once", loc="left")
    panels[0][0].invert_yaxis()
    figure.tight_layout()
    return figure


def _open_calls(results: Results) -> Any:  # noqa: ANN401 - a figure
    counts = _open(results)
    if len(counts) < 2:
        return None
    figure, panels = plt.subplots(1, 2, figsize=(9, 3))
    for panel, metric, title in zip(panels, (cpu_ms, p99), ("CPU, ms per call", "p99 latency, ms"), strict=True):
        for name in _shown(results):
            values = [results.value(Load("http", 10, at_once), name, metric) for at_once in counts]
            ours = name.startswith("runtime_")
            panel.plot(
                counts, values, marker="o", markersize=3, color=_COLOURS[name], label=results.label(name),
                linewidth=2.4 if ours else 1.2,
            )  # fmt: skip
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xticks(counts, [str(count) for count in counts])
        panel.set_xlabel("open calls")
        panel.set_title(title, loc="left")
    panels[1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.tight_layout()
    return figure


def _cold_start(results: Results) -> Any:  # noqa: ANN401 - a figure
    starts = results.data.get("cold_start")
    if not starts:
        return None
    names = {
        "help": "modulex-mem0 --help",
        "discover": "discover, read manifest",
        "discover_many": "… 200 installed",
        "actions": "modulex-mem0 actions",
        "modulex_tool": "import ModuleX's tool",
        "official": "import official client",
    }
    shown = [name for name in names if name in starts]
    figure, panels = plt.subplots(1, 2, figsize=(9, 2.4), sharey=True)
    for panel, used, scale, unit in zip(panels, ("seconds", "mib"), (1000, 1), ("ms", "MiB"), strict=True):
        values = [median(starts[name][used]) * scale for name in shown]
        colours = [_COLOURS.get(name, _OURS) for name in shown]
        _bars(panel, [names[name] for name in shown], values, colours, margin=0.2, unit=f" {unit}")
    panels[0].invert_yaxis()
    figure.tight_layout()
    return figure


def _bars(
    panel: Any,  # noqa: ANN401 - of a figure
    names: list[str],
    values: list[float],
    colours: list[str],
    *,
    margin: float,
    unit: str = "",
) -> None:
    """A bar for each name with its value beside it, and no axis below."""
    bars = panel.barh(names, values, color=colours)
    panel.bar_label(bars, [f"{value:,.0f}{unit}" for value in values], padding=2)
    panel.margins(x=margin)
    panel.set_xticks([])
    panel.spines["bottom"].set_visible(b=False)


def _memory(results: Results) -> Any:  # noqa: ANN401 - a figure
    memory = results.data.get("memory")
    if not memory:
        return None
    figure, panel = plt.subplots(figsize=(6, 2.4))
    points = memory["points"]
    panel.plot([p["calls"] for p in points], [p["mib"] for p in points], marker="o", markersize=3, color=_OURS)
    panel.set_ylim(0, max(p["mib"] for p in points) * 1.3)
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    panel.set_xlabel("calls")
    panel.set_ylabel("MiB")
    figure.tight_layout()
    return figure
