"""An integration: its manifest and its actions, loaded when they are first needed."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modulex_mem0.contract.actions import Action
from modulex_mem0.contract.manifest import IntegrationManifest, Profile

__all__ = ["Integration", "LazyIntegration"]


class Integration:
    """What a hook implementation returns.

    Args:
        profile: The integration without its actions.
        actions: The actions, or a function that imports and returns them. It is called at most once.
        recorded: A function that reads the manifest that was derived and recorded at build time, so that a host can
            list the integration without importing the code of its actions. It returns None where none was recorded.

    Attributes:
        loading: Makes a context that is entered while the code of the actions is loaded. A host sets it, to keep what
            that code prints out of its own output.

    Example:
        `Integration(Profile(name="echo", ...), actions=[say])`
    """

    def __init__(
        self,
        profile: Profile,
        actions: Iterable[Action[Any, Any]] | Callable[[], Iterable[Action[Any, Any]]],
        recorded: Callable[[], IntegrationManifest | None] | None = None,
    ) -> None:
        self.profile = profile
        self._load = actions if callable(actions) else lambda: actions
        self._recorded = recorded
        self.loading: Callable[[], AbstractContextManager[None]] = nullcontext

    def __repr__(self) -> str:
        return f"<Integration {self.name}>"

    @property
    def name(self) -> str:
        """The name to call it by."""
        return self.profile.name

    @cached_property
    def manifest(self) -> IntegrationManifest:
        """The integration as data: the recorded manifest if there is one, else derived from the actions."""
        return (self._recorded() if self._recorded else None) or self.describe()

    @cached_property
    def actions(self) -> dict[str, Action[Any, Any]]:
        """The actions by name; loads their code.

        Raises:
            TypeError: They are no list of actions.
            ValueError: Two actions share a name.
        """
        actions: dict[str, Action[Any, Any]] = {}
        with self.loading():
            # An author's code: the types are checked, not assumed.
            loaded: Any = self._load()
            if not isinstance(loaded, Iterable):
                raise TypeError(f"the actions of {self.name} must be a list of actions, not {type(loaded).__name__}")
            for action in loaded:
                if not isinstance(action, Action):
                    shown = getattr(action, "__name__", type(action).__name__)
                    raise TypeError(f"the actions of {self.name} include {shown}, which is not declared with @action")
                if action.name in actions:
                    raise ValueError(f"two actions of {self.name} are called {action.name}")
                actions[action.name] = action
        return actions

    def describe(self) -> IntegrationManifest:
        """Derive the manifest from the declarations; a recorded one is current when it equals this one."""
        profile = {name: getattr(self.profile, name) for name in Profile.model_fields}
        return IntegrationManifest(**profile, actions=tuple(action.describe() for action in self.actions.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyIntegration:
    """What a hook implementation returns in place of an `Integration` that is expensive to import.

    Attributes:
        name: The name to call it by; the integration must have it too.
        load: Imports and returns it; called at most once, at the first use. What it raises is the reason why the
            integration cannot be used.
        distribution: The installed package that brings it, where that is not the plugin's own.
    """

    name: str
    load: Callable[[], Integration]
    distribution: str | None = None
