"""Finds the installed integrations through pluggy; one that fails takes no other down."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, entry_points
from typing import Any

import pluggy

from modulex_mem0.contract import ENTRY_POINT_GROUP, PROJECT_NAME, Integration, LazyIntegration
from modulex_mem0.contract import hookspecs as contract_hooks
from modulex_mem0.runtime.errors import UnknownIntegrationError

__all__ = ["LoadFailure", "Registry", "discover", "distribution_name"]

# What importing foreign code may raise and still not stop the host; a module can even call sys.exit().
_LOAD_ERRORS = (Exception, SystemExit)


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """An integration that is installed but cannot be used.

    Attributes:
        name: The integration's name, or its entry point's where it did not get as far as telling its name.
        distribution: The installed package that brings it.
        reason: One line.
    """

    name: str
    distribution: str
    reason: str


class Registry(Mapping[str, Integration]):
    """The integrations that can be called, by name, and those that cannot, with the reason.

    A deferred integration is loaded when it is looked up. Going through the names loads nothing; who wants all
    integrations calls `load_all` first.
    """

    def __init__(self) -> None:
        self._integrations: dict[str, Integration | LazyIntegration] = {}
        self._distributions: dict[str, str] = {}
        self._failures: list[LoadFailure] = []
        self._lock = threading.RLock()

    def __getitem__(self, name: str) -> Integration:
        """The integration of that name.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
        """
        found = self._integrations.get(name)
        if isinstance(found, LazyIntegration):
            found = self._load(name)
        if found is None:
            reason = next((failure.reason for failure in self._failures if failure.name == name), None)
            raise UnknownIntegrationError(name, self, reason)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._integrations

    def __iter__(self) -> Iterator[str]:
        # One that turns out not to load is taken out while somebody goes through the names.
        return iter(tuple(self._integrations))

    def __len__(self) -> int:
        return len(self._integrations)

    @property
    def deferred(self) -> tuple[str, ...]:
        """The names of what was not asked for yet, so that it is not known whether it loads."""
        found = tuple(self._integrations.items())
        return tuple(name for name, integration in found if isinstance(integration, LazyIntegration))

    def is_deferred(self, name: str) -> bool:
        """Whether looking it up would load it."""
        return isinstance(self._integrations.get(name), LazyIntegration)

    @property
    def failures(self) -> tuple[LoadFailure, ...]:
        """What failed to load, and why; complete once everything deferred was loaded."""
        return tuple(self._failures)

    def distribution_of(self, name: str) -> str:
        """The installed package that brings an integration."""
        return self._distributions[name]

    def load_all(self) -> tuple[LoadFailure, ...]:
        """Load what is deferred; returns all failures. Those that failed are no longer among the names."""
        for name in self.deferred:
            self._load(name)
        return self.failures

    def add(self, integration: Integration | LazyIntegration, distribution: str) -> None:
        """Add an integration; one whose name is taken is reported as a failure and the first keeps the name."""
        name = integration.name
        if name in self._integrations:
            owner = self._distributions[name]
            self.report(name, distribution, f"the name {name!r} is already taken by {owner}; remove one of the two")
            return
        self._integrations[name] = integration
        self._distributions[name] = distribution

    def report(self, name: str, distribution: str, reason: str) -> None:
        """Record that something cannot be used."""
        self._failures.append(LoadFailure(name, distribution, reason))

    def _load(self, name: str) -> Integration | None:
        """Load a deferred integration, once; None when it cannot be."""
        with self._lock:
            found = self._integrations.get(name)
            if not isinstance(found, LazyIntegration):
                return found
            try:
                # What it returns is foreign: its type and name are checked, not assumed.
                loaded: Any = found.load()
                if not isinstance(loaded, Integration):
                    raise TypeError(f"it gave {type(loaded).__name__}, not an Integration")
                if loaded.name != name:
                    raise ValueError(f"it calls itself {loaded.name!r}")
            except _LOAD_ERRORS as error:
                self.report(name, self._distributions[name], _reason(error))
                del self._integrations[name]
                return None
            self._integrations[name] = loaded
            return loaded


def discover(plugins: Iterable[object] = ()) -> Registry:
    """Load every plugin of the entry-point group `modulex`, then the given ones, and ask each for its integrations.

    Entry points are taken in the order of their distributions' names, so that the same installation always gives the
    same result.

    Args:
        plugins: Modules or objects that implement the hooks and are not installed as entry points.
    """
    registry = Registry()
    manager = pluggy.PluginManager(PROJECT_NAME)
    manager.add_hookspecs(contract_hooks)
    origins: dict[str, tuple[str, str]] = {}
    points = [
        (distribution_name(point.dist) or "unknown distribution", point)
        for point in entry_points(group=ENTRY_POINT_GROUP)
    ]
    for distribution, point in sorted(points, key=lambda pair: (pair[0], pair[1].name)):
        try:
            _register(manager, point.load(), origins, (point.name, distribution))
        except _LOAD_ERRORS as error:
            registry.report(point.name, distribution, _reason(error))
    for plugin in plugins:
        name = getattr(plugin, "__name__", type(plugin).__name__)
        try:
            _register(manager, plugin, origins, (name, name))
        except _LOAD_ERRORS as error:
            registry.report(name, name, _reason(error))
    # Each implementation is called by itself, in the order of registration: pluggy's joint call ends at the first that
    # raises, and would let a plugin put itself first.
    implementations = {hook.plugin_name: hook for hook in manager.hook.modulex_integrations.get_hookimpls()}
    for key, (name, distribution) in origins.items():
        implementation = implementations.get(key)
        if implementation is None:
            registry.report(name, distribution, "it implements no hook of the contract")
            continue
        try:
            # What a plugin returns is foreign: its type is checked, not assumed.
            given: Any = implementation.function()
            for integration in given:
                if not isinstance(integration, Integration | LazyIntegration):
                    raise TypeError(f"the hook gave {type(integration).__name__}, not an Integration")
                named = integration.distribution if isinstance(integration, LazyIntegration) else None
                registry.add(integration, named or distribution)
        except _LOAD_ERRORS as error:
            registry.report(name, distribution, _reason(error))
    return registry


def _register(
    manager: pluggy.PluginManager, plugin: object, origins: dict[str, tuple[str, str]], origin: tuple[str, str]
) -> None:
    # A plugin that was refused keeps its key, so the number of the accepted ones would not do.
    key = f"{len(manager.list_name_plugin())}: {origin[0]}"
    manager.register(plugin, name=key)
    origins[key] = origin


def distribution_name(distribution: Distribution | None) -> str | None:
    """The name of an installed distribution, where it has one to tell."""
    try:
        return distribution.name if distribution is not None else None
    except Exception:
        # An installation that broke half-way has no metadata to tell its name.
        return None


def _reason(error: BaseException) -> str:
    try:
        told = str(error)
    except Exception:
        told = "its reason cannot be shown"
    return " ".join(f"{type(error).__name__}: {told}".split())[:300]
