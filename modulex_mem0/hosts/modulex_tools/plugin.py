"""The entry point: announces every package in ModuleX's entry-point group without importing any."""

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint

from modulex_mem0.contract import Integration, LazyIntegration, hookimpl
from modulex_mem0.runtime import distribution_name, installed_entry_points

__all__ = ["PREFIX", "modulex_integrations"]

#: Precedes ModuleX's own name. Without it, the meaning of a name would depend on what else is installed: ModuleX's
#: `mem0` is not ours, and any package may bring its own `slack`.
PREFIX = "modulex_tools_"

_GROUP = "modulex.tools"
#: Our own package for ModuleX.
_OURS = "modulex_mem0.hosts.modulex"


@hookimpl
def modulex_integrations() -> list[LazyIntegration]:
    """Return what is installed for ModuleX, except our own package, whose integration is installed already."""
    found = sorted(_installed(), key=lambda pair: (pair[0].name, pair[1] or ""))
    return [
        LazyIntegration(name=PREFIX + point.name, load=_loader(point), distribution=distribution)
        for point, distribution in found
    ]


def _installed() -> Iterator[tuple[EntryPoint, str | None]]:
    # Reading a distribution's name parses its metadata, and one distribution brings two hundred entry points.
    names: dict[int, str | None] = {}
    # What cannot be read is reported by the runtime's own discovery, which reads the same files.
    for point in installed_entry_points(_GROUP).points:
        if point.value == _OURS:
            continue
        key = id(point.dist)
        if key not in names:
            names[key] = distribution_name(point.dist)
        yield point, names[key]


def _loader(point: EntryPoint) -> Callable[[], Integration]:
    def load() -> Integration:
        # An extra, and LangChain and ModuleX's package take 160 ms: not at discovery.
        from modulex_mem0.hosts.modulex_tools.package import load_package  # noqa: PLC0415

        return load_package(PREFIX + point.name, point.name, point.value)

    return load
