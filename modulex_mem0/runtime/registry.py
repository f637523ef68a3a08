"""Discovers the installed integrations through pluggy; one that fails does not affect the others."""

import logging
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from modulex_mem0.contract import ENTRY_POINT_GROUP, PROJECT_NAME, Integration, LazyIntegration
from modulex_mem0.contract import hookspecs as contract_hooks
from modulex_mem0.runtime.distributions import distribution_name, installed_entry_points
from modulex_mem0.runtime.errors import UnknownIntegrationError, reason_of, reraise_interrupt
from modulex_mem0.runtime.stdout import prints_go_to_stderr

__all__ = ["LoadFailure", "Registry", "discover"]

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OWN_PACKAGE = __name__.partition(".")[0]
_NO_HOOK = "it implements no hook of the contract; mark its function modulex_integrations with @hookimpl"


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

    def __repr__(self) -> str:
        failed = ", ".join(dict.fromkeys(failure.name for failure in self._failures))
        return f"<Registry: {', '.join(sorted(self)) or 'empty'}{f'; failed: {failed}' if failed else ''}>"

    def __getitem__(self, name: str) -> Integration:
        """The integration of that name.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
        """
        if not isinstance(name, str):
            raise UnknownIntegrationError(name, self)
        found = self._integrations.get(name)
        if isinstance(found, LazyIntegration):
            found = self._load(name)
        if found is None:
            reason = next((failure.reason for failure in self._failures if failure.name == name), None)
            raise UnknownIntegrationError(name, self, reason)
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._integrations

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

    def is_deferred(self, name: object) -> bool:
        """Whether looking the integration up would load it."""
        # One look: another thread may remove what it cannot load.
        return isinstance(name, str) and isinstance(self._integrations.get(name), LazyIntegration)

    @property
    def failures(self) -> tuple[LoadFailure, ...]:
        """What failed to load, and why; complete once everything lazy was loaded."""
        return tuple(self._failures)

    def distribution_of(self, name: str) -> str:
        """The installed package that brings an integration."""
        return self._distributions[name]

    def after_fork(self) -> None:
        """Begin again in a forked child: another thread may have held the lock."""
        self._lock = threading.RLock()

    def load_all(self) -> tuple[LoadFailure, ...]:
        """Load everything lazy and return all failures. Those that failed are removed from the names."""
        for name in self.deferred:
            self._load(name)
        return self.failures

    def add(self, integration: Integration | LazyIntegration, distribution: str) -> None:
        """Add an integration; one whose name is taken is reported as a failure and the first keeps the name.

        Raises:
            ValueError: Its name is not an integration's name.
        """
        name: Any = integration.name
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"an integration cannot be named {name!r:.100}")
        if name in self._integrations:
            owner = self._distributions[name]
            self.report(name, distribution, f"the name {name!r} is already taken by {owner}; remove one of the two")
            logger.warning(
                "%s brings an integration %r too, which is not used: %s has that name", distribution, name, owner
            )
            return
        if isinstance(integration, Integration):
            integration.loading = prints_go_to_stderr
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
                with prints_go_to_stderr():
                    loaded: Any = found.load()
                if not isinstance(loaded, Integration):
                    raise TypeError(f"it returned {type(loaded).__name__}, not an Integration")
                if loaded.name != name:
                    raise ValueError(f"its name is {loaded.name!r}")
            except BaseException as error:
                reraise_interrupt(error)
                self.report(name, self._distributions[name], reason_of(error, with_place=True))
                del self._integrations[name]
                return None
            loaded.loading = prints_go_to_stderr
            self._integrations[name] = loaded
            return loaded


def discover(plugins: Iterable[object] = ()) -> Registry:
    """Load every plugin of the entry-point group `modulex`, then the given ones, and ask each for its integrations.

    Our own package comes first, so that no other can take a name of ours, such as `mem0`, and with it the keys of its
    users. The others follow in the order of their distributions' names, so that the same installation always gives the
    same result.

    Args:
        plugins: Modules or objects that implement the hooks and are not installed as entry points.
    """
    discovery = _Discovery()
    installed = installed_entry_points(ENTRY_POINT_GROUP)
    points = [(distribution_name(point.dist) or "unknown distribution", point) for point in installed.points]
    for distribution, point in sorted(points, key=lambda pair: (not _is_own(pair[1]), pair[0], pair[1].name)):
        discovery.load(point, distribution)
    for plugin in plugins:
        name = getattr(plugin, "__name__", type(plugin).__name__)
        discovery.register(plugin, name, name)
    registry = discovery.collect()
    for distribution, reason in installed.unreadable:
        registry.report(distribution, distribution, reason)
    return registry


def _is_own(point: EntryPoint) -> bool:
    """Whether an entry point leads to code of this package, whatever distribution declares it."""
    return point.value.partition(":")[0].strip().partition(".")[0] == _OWN_PACKAGE


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
            with prints_go_to_stderr():
                plugin = point.load()
        except BaseException as error:
            reraise_interrupt(error)
            self._registry.report(point.name, distribution, reason_of(error, with_place=True))
        else:
            self.register(plugin, point.name, distribution)

    def register(self, plugin: object, name: str, distribution: str) -> None:
        """Register a plugin; a failure is reported to the registry."""
        # A plugin that was refused keeps its key, so the number of the accepted ones would not be unique.
        key = f"{len(self._manager.list_name_plugin())}: {name}"
        try:
            self._manager.register(plugin, name=key)
        except BaseException as error:
            reraise_interrupt(error)
            self._registry.report(name, distribution, reason_of(error, with_place=True))
        else:
            self._origins[key] = name, distribution

    def collect(self) -> Registry:
        """Ask each plugin for its integrations."""
        # Each implementation is called by itself, in the order of registration: pluggy's joint call ends at the first
        # one that raises, and would let a plugin put itself first.
        hooks = {hook.plugin_name: hook for hook in self._manager.hook.modulex_integrations.get_hookimpls()}
        for key, (name, distribution) in self._origins.items():
            if key not in hooks:
                self._registry.report(name, distribution, _NO_HOOK)
                continue
            try:
                with prints_go_to_stderr():
                    self._add_all(hooks[key].function(), distribution)
            except BaseException as error:
                reraise_interrupt(error)
                self._registry.report(name, distribution, reason_of(error, with_place=True))
        return self._registry

    def _add_all(self, returned: Any, distribution: str) -> None:  # noqa: ANN401 - foreign: checked, not assumed
        if not isinstance(returned, Iterable):
            raise TypeError(f"the hook must return a list of integrations, not {type(returned).__name__}")
        for integration in returned:
            if not isinstance(integration, Integration | LazyIntegration):
                raise TypeError(f"the hook returned {type(integration).__name__}, not an Integration")
            named = integration.distribution if isinstance(integration, LazyIntegration) else None
            self._registry.add(integration, named or distribution)
