"""The entry point: announces every package in the entry-point group of ModuleX, and imports none of them."""

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points

from modulex_mem0.contract import Integration, LazyIntegration, hookimpl
from modulex_mem0.runtime import distribution_name

__all__ = ["PREFIX", "modulex_integrations"]

#: Goes before ModuleX's own name. Without it a name would mean one thing or another by what else is installed:
#: ModuleX's `mem0` is not ours, and any package may bring a `slack` of its own.
PREFIX = "modulex_tools_"

_GROUP = "modulex.tools"
#: What we ourselves bring to ModuleX.
_OURS = "modulex_mem0.hosts.modulex"


@hookimpl
def modulex_integrations() -> list[LazyIntegration]:
    """Return what is installed for ModuleX, but for our own package, which is here already."""
    found = sorted(_installed(), key=lambda pair: (pair[0].name, pair[1] or ""))
    return [
        LazyIntegration(name=PREFIX + point.name, load=_loader(point), distribution=distribution)
        for point, distribution in found
    ]


def _installed() -> Iterator[tuple[EntryPoint, str | None]]:
    # Reading a distribution's name parses its metadata, and one distribution brings two hundred entry points.
    names: dict[int, str | None] = {}
    for point in entry_points(group=_GROUP):
        if point.value == _OURS:
            continue
        key = id(point.dist)
        if key not in names:
            names[key] = distribution_name(point.dist)
        yield point, names[key]


def _loader(point: EntryPoint) -> Callable[[], Integration]:
    def load() -> Integration:
        from modulex_mem0.hosts.modulex_tools.loading import load_package  # noqa: PLC0415 - costs what it imports

        return load_package(PREFIX, point.name, point.value)

    return load
