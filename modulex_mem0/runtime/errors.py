"""The exceptions of a runtime: mistakes of the calling program, never of its input, the network or the service.

RuntimeUsageError
├── BrokenIntegrationError
├── RuntimeClosedError
├── UnknownIntegrationError
└── UnknownActionError
"""

import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

__all__ = [
    "BrokenIntegrationError",
    "RuntimeClosedError",
    "RuntimeUsageError",
    "UnknownActionError",
    "UnknownIntegrationError",
    "did_you_mean",
    "reason_of",
    "reraise_interrupt",
]

_MAX_LISTED = 30
_MAX_REASON = 300
# Code that runs what an author wrote: the fault is in what it was given.
_NOT_THE_AUTHORS = {__name__.partition(".")[0], "pluggy", "pydantic", "pydantic_core", *sys.stdlib_module_names}


class RuntimeUsageError(Exception):
    """Base of what a runtime raises. It can be pickled, so that it comes out of a process pool as it is."""

    def __reduce__(self) -> tuple[Any, ...]:
        # The usual way calls the class with the message alone, which the subclasses do not take.
        return _restore, (type(self), str(self))


def _restore(kind: type[RuntimeUsageError], message: str) -> RuntimeUsageError:
    error = kind.__new__(kind, message)
    error.args = (message,)
    return error


class BrokenIntegrationError(RuntimeUsageError):
    """A part of an integration that is loaded at its first use cannot be loaded."""

    def __init__(self, integration: str, part: str, cause: BaseException) -> None:
        super().__init__(f"{part} of integration {integration!r} cannot be used: {reason_of(cause, with_place=True)}")


class RuntimeClosedError(RuntimeUsageError):
    """The runtime was closed; make a new one."""


class UnknownIntegrationError(RuntimeUsageError, KeyError):
    """No integration of that name is installed, or it failed to load."""

    def __init__(self, name: object, installed: Iterable[str], reason: str | None = None) -> None:
        if not isinstance(name, str):
            super().__init__(f"the name of an integration must be text, not {type(name).__name__}")
            return
        why = f"integration {name!r} failed to load: {reason}" if reason else f"no integration {name!r} is installed"
        super().__init__(why + ("" if reason else did_you_mean(name, installed)))

    def __str__(self) -> str:
        # A KeyError would show the message in quotes.
        return str(self.args[0])


class UnknownActionError(RuntimeUsageError, LookupError):
    """The integration has no action of that name."""

    def __init__(self, integration: str, name: object, actions: Iterable[str]) -> None:
        if not isinstance(name, str):
            super().__init__(f"the name of an action must be text, not {type(name).__name__}")
            return
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


def reason_of(error: BaseException, *, with_place: bool = False) -> str:
    """One line about an exception of foreign code: its type and, where that can be shown, its text.

    Args:
        error: The exception.
        with_place: Add the module and the line of foreign code in which it was raised, for the author of that code.
    """
    try:
        text = _problems(error) if isinstance(error, ValidationError) else str(error)
    except BaseException as failure:
        reraise_interrupt(failure)
        text = "its reason cannot be shown"
    line = " ".join(f"{type(error).__name__}: {text}".split()).removesuffix(":")
    line = line if len(line) <= _MAX_REASON else line[: _MAX_REASON - 1] + "…"
    return line + (_place_of(error) if with_place else "")


def _problems(error: ValidationError) -> str:
    """The fields that a model refuses, and why, without their values."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [
        ": ".join(filter(None, (".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "))))
        for one in found
    ]
    return f"{error.title}: {'; '.join(problems)}"


def _place_of(error: BaseException) -> str:
    place, trace = "", error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__"))
        if module.partition(".")[0] not in _NOT_THE_AUTHORS:
            place = f" (in {module}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return place


def reraise_interrupt(error: BaseException) -> None:
    """Raise the interrupt of the person at the keyboard; return for anything else that foreign code raises.

    A panic of a Rust extension, pytest's `Skipped`, SystemExit and a group with any of these are no `Exception`, and
    would end the host.
    """
    if isinstance(error, KeyboardInterrupt):
        raise error
    if isinstance(error, BaseExceptionGroup) and (interrupts := error.subgroup(KeyboardInterrupt)):
        raise KeyboardInterrupt from interrupts
