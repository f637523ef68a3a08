"""An integration that is not imported before somebody asks for it."""

from collections.abc import Callable
from dataclasses import dataclass

from modulex_mem0.contract.integration import Integration

__all__ = ["DeferredIntegration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredIntegration:
    """What a hook implementation returns in place of an `Integration` that is dear to import.

    Attributes:
        name: The name to call it by; the integration must have it too.
        load: Imports and returns it; called at most once, when it is first asked for. What it raises is the reason why
            the integration cannot be used.
        distribution: The installed package that brings it, where that is not the plugin's own.
    """

    name: str
    load: Callable[[], Integration]
    distribution: str | None = None
