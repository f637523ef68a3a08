"""The exceptions of a runtime: mistakes of the calling program, never of its input, the network or the service.

RuntimeUsageError
├── BrokenIntegrationError
├── RuntimeClosedError
├── UnknownIntegrationError
└── UnknownActionError
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BrokenIntegrationError",
    "RuntimeClosedError",
    "RuntimeUsageError",
    "UnknownActionError",
    "UnknownIntegrationError",
    "did_you_mean",
]

_MAX_LISTED = 30


class RuntimeUsageError(Exception):
    """Base of what a runtime raises."""


class BrokenIntegrationError(RuntimeUsageError):
    """A part of an integration that is loaded at its first use cannot be loaded."""

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


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A clause to append to an error about a misspelt name: the closest known name, else the first 30 known ones."""
    known = sorted(names)
    wanted = name.lower()[:100]
    near = get_close_matches(wanted, known, n=1, cutoff=0.6)
    # The name may have been given without its prefix.
    near = near or [longer for longer in known if wanted and longer.endswith(f"_{wanted}")]
    if near:
        return f"; did you mean {near[0]!r}?"
    listed = ", ".join(known[:_MAX_LISTED]) + (" …" if len(known) > _MAX_LISTED else "")
    return f"; known: {listed}" if known else ""
