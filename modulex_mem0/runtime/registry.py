"""Discovers the installed integrations through pluggy; one that fails does not affect the others."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Any

import pluggy

from modulex_mem0.contract import ENTRY_POINT_GROUP, PROJECT_NAME, Integration, LazyIntegration
from modulex_mem0.contract import hookspecs as contract_hooks
from modulex_mem0.runtime.errors import UnknownIntegrationError

__all__ = ["LoadFailure", "Registry", "discover", "distribution_name"]

# What foreign code may raise at its import without stopping the host; a module can even call sys.exit().
_LOAD_ERRORS = (Exception, SystemExit)


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """An integration that is installed but cannot be used.

    Attributes:
        name: The integration's name, or its entry point's where it failed before its name was known.
        distribution: The installed package that brings it.
        reason: One line.
    """

    name: str
    distribution: str
    reason: str


class Registry(Mapping[str, Integration]):
    """The integrations that can be called, by name, and those that cannot, with the reason.

    A lazy integration is loaded when it is looked up. Iterating over the names loads nothing; call `load_all` first to
    have all integrations.
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
        # A copy, since an integration that fails to load is removed while somebody may be iterating.
        return iter(tuple(self._integrations))

    def __len__(self) -> int:
        return len(self._integrations)

    @property
    def deferred(self) -> tuple[str, ...]:
        """The names of the lazy integrations that were not looked up yet, so that it is not known whether they load."""
        found = tuple(self._integrations.items())
        return tuple(name for name, integration in found if isinstance(integration, LazyIntegration))

    def is_deferred(self, name: str) -> bool:
        """Whether looking the integration up would load it."""
        return isinstance(self._integrations.get(name), LazyIntegration)

    @property
    def failures(self) -> tuple[LoadFailure, ...]:
        """What failed to load, and why; complete once everything lazy was loaded."""
        return tuple(self._failures)

    def distribution_of(self, name: str) -> str:
        """The installed package that brings an integration."""
        return self._distributions[name]

    def load_all(self) -> tuple[LoadFailure, ...]:
        """Load everything lazy and return all failures. Those that failed are removed from the names."""
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
        """Load a lazy integration, once; None when that fails."""
        with self._lock:
            found = self._integrations.get(name)
            if not isinstance(found, LazyIntegration):
                return found
            try:
                # Foreign code: the type and the name of what it returns are checked, not assumed.
                loaded: Any = found.load()
                if not isinstance(loaded, Integration):
                    raise TypeError(f"it returned {type(loaded).__name__}, not an Integration")
                if loaded.name != name:
                    raise ValueError(f"its name is {loaded.name!r}")
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
    discovery = _Discovery()
    points = [
        (distribution_name(point.dist) or "unknown distribution", point)
        for point in entry_points(group=ENTRY_POINT_GROUP)
    ]
    for distribution, point in sorted(points, key=lambda pair: (pair[0], pair[1].name)):
        discovery.load(point, distribution)
    for plugin in plugins:
        name = getattr(plugin, "__name__", type(plugin).__name__)
        discovery.register(plugin, name, name)
    return discovery.collect()


class _Discovery:
    """Registers plugins with pluggy and fills a registry with the integrations that they bring."""

    def __init__(self) -> None:
        self._registry = Registry()
        self._manager = pluggy.PluginManager(PROJECT_NAME)
        self._manager.add_hookspecs(contract_hooks)
        #: The name and the distribution of each plugin, by pluggy's key for it.
        self._origins: dict[str, tuple[str, str]] = {}

    def load(self, point: EntryPoint, distribution: str) -> None:
        """Load the plugin of an entry point and register it; a failure is reported to the registry."""
        try:
            plugin = point.load()
        except _LOAD_ERRORS as error:
            self._registry.report(point.name, distribution, _reason(error))
        else:
            self.register(plugin, point.name, distribution)

    def register(self, plugin: object, name: str, distribution: str) -> None:
        """Register a plugin; a failure is reported to the registry."""
        # A plugin that was refused keeps its key, so the number of the accepted ones would not be unique.
        key = f"{len(self._manager.list_name_plugin())}: {name}"
        try:
            self._manager.register(plugin, name=key)
        except _LOAD_ERRORS as error:
            self._registry.report(name, distribution, _reason(error))
        else:
            self._origins[key] = name, distribution

    def collect(self) -> Registry:
        """Ask each plugin for its integrations."""
        # Each implementation is called by itself, in the order of registration: pluggy's joint call ends at the first
        # one that raises, and would let a plugin put itself first.
        hooks = {hook.plugin_name: hook for hook in self._manager.hook.modulex_integrations.get_hookimpls()}
        for key, (name, distribution) in self._origins.items():
            if key not in hooks:
                self._registry.report(name, distribution, "it implements no hook of the contract")
                continue
            try:
                self._add_all(hooks[key].function(), distribution)
            except _LOAD_ERRORS as error:
                self._registry.report(name, distribution, _reason(error))
        return self._registry

    def _add_all(self, returned: Any, distribution: str) -> None:  # noqa: ANN401 - foreign: checked, not assumed
        for integration in returned:
            if not isinstance(integration, Integration | LazyIntegration):
                raise TypeError(f"the hook returned {type(integration).__name__}, not an Integration")
            named = integration.distribution if isinstance(integration, LazyIntegration) else None
            self._registry.add(integration, named or distribution)


def distribution_name(distribution: Distribution | None) -> str | None:
    """The name of an installed distribution, if it has one."""
    try:
        return distribution.name if distribution is not None else None
    except Exception:
        # An installation that broke half-way has no metadata to read the name from.
        return None


def _reason(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = "its reason cannot be shown"
    return " ".join(f"{type(error).__name__}: {text}".split())[:300]
