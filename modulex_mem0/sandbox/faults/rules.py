"""Rules of faults, and the strict reading of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

_ACTIONS = ("reply", "html", "redirect", "reset", "truncate", "endless", "drip")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_LONGEST = 3600.0
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


class FaultsError(ValueError):
    """The faults cannot be used; the message says where and why, as ``faults[0].status: ...``."""


@dataclass(frozen=True)
class FaultRule:
    """One rule; the package's docstring says what its parts mean."""

    path: str
    method: str | None = None
    calls: frozenset[int] | None = None
    delay: float = 0.0
    status: int | None = None
    body: bytes | None = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    retry_after: float | None = None
    retry_after_date: float | None = None
    html: int | None = None
    redirect: str | None = None
    processed: bool = False
    reset: str | None = None
    truncate: bool = False
    endless: bool = False
    drip: float | None = None
    event_delay: float | None = None
    event_error: str | None = None
    source: dict[str, Any] = field(default_factory=dict, compare=False)

    def concerns(self, method: str, path: str) -> bool:
        """Whether a request is one of those that the rule names, whatever its count."""
        return self.method in {None, method} and fnmatchcase(path, self.path)

    @property
    def action(self) -> str | None:
        """What the rule does besides waiting; ``None`` lets the request through."""
        chosen = self.actions
        return chosen[0] if chosen else None

    @property
    def actions(self) -> tuple[str, ...]:
        """Everything that the rule asks for; a sound rule asks for one thing at most."""
        reply = self.body is not None or (self.status is not None and self.redirect is None)
        asked = {
            "reply": reply,
            "html": self.html is not None,
            "redirect": self.redirect is not None,
            "reset": self.reset is not None,
            "truncate": self.truncate,
            "endless": self.endless,
            "drip": self.drip is not None,
        }
        return tuple(name for name in _ACTIONS if asked[name])


def load_rules(path: Path) -> list[FaultRule]:
    """Read a file of faults.

    Raises:
        FaultsError: It cannot be read, is not JSON, or has a rule that makes no sense.
    """
    try:
        return parse_rules(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise FaultsError(f"{path}: {error}") from error


def parse_rules(raw: object) -> list[FaultRule]:
    """Read a list of rules, or ``{"faults": [...]}``.

    Raises:
        FaultsError: A rule makes no sense; the message names its place.
    """
    listed = raw.get("faults") if isinstance(raw, Mapping) and set(raw) == {"faults"} else raw
    if not isinstance(listed, list):
        raise FaultsError('faults: must be a list of rules, or {"faults": [...]}')
    return [_rule(item, f"faults[{index}]") for index, item in enumerate(listed)]


def _rule(raw: object, place: str) -> FaultRule:
    if not isinstance(raw, Mapping):
        raise FaultsError(f"{place}: must be an object")
    unknown = sorted(set(raw) - set(_READERS))
    if unknown:
        raise FaultsError(f"{place}.{unknown[0]}: unknown; known are {', '.join(_READERS)}")
    if "path" not in raw:
        raise FaultsError(f"{place}.path: is needed")
    if "body" in raw and "text" in raw:
        raise FaultsError(f"{place}: body and text exclude each other")
    parts: dict[str, Any] = {}
    for key, value in raw.items():
        parts.update(_READERS[key](f"{place}.{key}", value))
    rule = FaultRule(**parts, source=dict(raw))
    if len(rule.actions) > 1:
        raise FaultsError(f"{place}: {' and '.join(rule.actions)} exclude each other")
    if not rule.actions and not rule.delay and rule.event_delay is None and rule.event_error is None:
        raise FaultsError(f"{place}: says nothing to do")
    return rule


def _path(place: str, value: object) -> dict[str, Any]:
    if not isinstance(value, str) or not value.startswith(("/", "*")):
        raise FaultsError(f"{place}: must be a path that starts with / or *")
    return {"path": value}


def _method(place: str, value: object) -> dict[str, Any]:
    if not isinstance(value, str) or value.upper() not in {*_METHODS, "*"}:
        raise FaultsError(f"{place}: must be one of {', '.join(_METHODS)}, or *")
    return {"method": None if value == "*" else value.upper()}


def _calls(place: str, value: object) -> dict[str, Any]:
    numbers = value if isinstance(value, list) else [value]
    if not numbers or any(isinstance(number, bool) or not isinstance(number, int) or number < 1 for number in numbers):
        raise FaultsError(f"{place}: must be a whole number from 1, or a list of them")
    return {"calls": frozenset(numbers)}


def _seconds(name: str) -> Callable[[str, object], dict[str, Any]]:
    def read(place: str, value: object) -> dict[str, Any]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST:
            raise FaultsError(f"{place}: must be 0 to {_LONGEST:g} seconds")
        return {name: float(value)}

    return read


def _status(name: str) -> Callable[[str, object], dict[str, Any]]:
    def read(place: str, value: object) -> dict[str, Any]:
        if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
            raise FaultsError(f"{place}: must be an HTTP status from 200 to 599")
        return {name: value}

    return read


def _body(place: str, value: object) -> dict[str, Any]:
    try:
        return {"body": json.dumps(value).encode()}
    except (ValueError, RecursionError) as error:
        raise FaultsError(f"{place}: {error}") from error


def _text(place: str, value: object) -> dict[str, Any]:
    if not isinstance(value, str):
        raise FaultsError(f"{place}: must be text")
    return {"body": value.encode("utf-8", "surrogatepass")}


def _headers(place: str, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise FaultsError(f"{place}: must be an object of names and values")
    for name, content in value.items():
        if not _HEADER_NAME.fullmatch(name) or not isinstance(content, str) or not _HEADER_VALUE.fullmatch(content):
            raise FaultsError(f"{place}.{name}: must be a header's name with printable ASCII text")
    return {"headers": tuple(value.items())}


def _word(name: str, *allowed: str) -> Callable[[str, object], dict[str, Any]]:
    def read(place: str, value: object) -> dict[str, Any]:
        if not isinstance(value, str) or (allowed and value not in allowed) or not _HEADER_VALUE.fullmatch(value):
            raise FaultsError(f"{place}: must be {' or '.join(allowed) if allowed else 'printable ASCII text'}")
        return {name: value}

    return read


def _yes(name: str) -> Callable[[str, object], dict[str, Any]]:
    def read(place: str, value: object) -> dict[str, Any]:
        if not isinstance(value, bool):
            raise FaultsError(f"{place}: must be true or false")
        return {name: value}

    return read


_READERS: dict[str, Callable[[str, object], dict[str, Any]]] = {
    "path": _path,
    "method": _method,
    "calls": _calls,
    **{name: _seconds(name) for name in ("delay", "drip", "event_delay", "retry_after", "retry_after_date")},
    "status": _status("status"),
    "html": _status("html"),
    "body": _body,
    "text": _text,
    "headers": _headers,
    "redirect": _word("redirect"),
    "reset": _word("reset", "before", "after"),
    "event_error": _word("event_error"),
    **{name: _yes(name) for name in ("processed", "truncate", "endless")},
}
