"""What the runtime raises: mistakes of the program that calls it, never of its input or of the network.

RuntimeUsageError
├── BrokenIntegrationError
├── RuntimeClosedError
├── UnknownIntegrationError
└── UnknownActionError
"""

from collections.abc import Iterable

from modulex_mem0.runtime.suggestion import did_you_mean

__all__ = [
    "BrokenIntegrationError",
    "RuntimeClosedError",
    "RuntimeUsageError",
    "UnknownActionError",
    "UnknownIntegrationError",
]


class RuntimeUsageError(Exception):
    """Base of what a runtime raises."""


class BrokenIntegrationError(RuntimeUsageError):
    """A part of an integration that is loaded when it is first used cannot be loaded."""

    def __init__(self, integration: str, part: str, cause: BaseException) -> None:
        super().__init__(f"{part} of integration {integration!r} cannot be used: {type(cause).__name__}: {cause}")


class RuntimeClosedError(RuntimeUsageError):
    """The runtime was closed; make a new one."""


class UnknownIntegrationError(RuntimeUsageError, KeyError):
    """No integration of that name is installed, or it failed to load."""

    def __init__(self, name: str, installed: Iterable[str], reason: str | None = None) -> None:
        why = f"integration {name!r} failed to load: {reason}" if reason else f"no integration {name!r} is installed"
        super().__init__(why + ("" if reason else did_you_mean(name, installed)))

    def __str__(self) -> str:
        # A KeyError would show the message in quotes.
        return str(self.args[0])


class UnknownActionError(RuntimeUsageError, LookupError):
    """The integration has no action of that name."""

    def __init__(self, integration: str, name: str, actions: Iterable[str]) -> None:
        super().__init__(f"{integration} has no action {name!r}{did_you_mean(name, actions)}")
