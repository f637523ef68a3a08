"""The entry points of the installed distributions; one that cannot be read does not hide the others."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, DistributionFinder, EntryPoint, entry_points

from modulex_mem0.runtime.errors import reason_of, reraise_interrupt

__all__ = ["InstalledEntryPoints", "distribution_name", "installed_entry_points"]


@dataclass(frozen=True, slots=True)
class InstalledEntryPoints:
    """The entry points of a group.

    Attributes:
        points: Those that could be read.
        unreadable: The name of each distribution whose entry points cannot be read, and the reason.
    """

    points: tuple[EntryPoint, ...]
    unreadable: tuple[tuple[str, str], ...] = ()


def installed_entry_points(group: str) -> InstalledEntryPoints:
    """Read the entry points of a group from all installed distributions."""
    try:
        return InstalledEntryPoints(tuple(entry_points(group=group)))
    except BaseException as error:
        # One file that is not UTF-8, or not in the format, in any distribution, and there are none at all.
        reraise_interrupt(error)
        return _read_one_by_one(group)


def distribution_name(distribution: Distribution | None) -> str | None:
    """The name of an installed distribution, if it has one."""
    try:
        return distribution.name if distribution is not None else None
    except BaseException as error:
        # An installation that broke half-way has no metadata to read the name from.
        reraise_interrupt(error)
        return None


def _read_one_by_one(group: str) -> InstalledEntryPoints:
    points: list[EntryPoint] = []
    unreadable: list[tuple[str, str]] = []
    seen: set[str] = set()
    for distribution in _distributions():
        name = distribution_name(distribution) or _folder(distribution)
        # The first one on the path is the one that is imported.
        key = name.lower().replace("_", "-").replace(".", "-")
        if key in seen:
            continue
        seen.add(key)
        try:
            points += distribution.entry_points.select(group=group)
        except BaseException as error:
            reraise_interrupt(error)
            unreadable.append((name, f"its entry points cannot be read: {reason_of(error)}"))
    return InstalledEntryPoints(tuple(points), tuple(unreadable))


def _distributions() -> Iterator[Distribution]:
    # Any package may bring a finder of its own, and one that fails does not hide what the others find.
    for finder in tuple(sys.meta_path):
        for folder in tuple(sys.path):
            try:
                find = getattr(finder, "find_distributions", None)
                # A list, since the search itself may fail half-way.
                yield from list(find(DistributionFinder.Context(path=[folder]))) if find is not None else ()
            except BaseException as error:
                reraise_interrupt(error)


def _folder(distribution: Distribution) -> str:
    """The name of the folder with the metadata, for a distribution that has no other."""
    path = getattr(distribution, "_path", None)
    return getattr(path, "name", None) or "unknown distribution"
