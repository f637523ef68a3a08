"""The rules of faults, their strict parser, and the board that picks the rule for a request."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from modulex_mem0.sandbox.settings import StartError

__all__ = ["RULE_KEY", "FaultBoard", "FaultRule", "FaultsError", "load_rules", "parse_rules"]

RULE_KEY = "modulex_mem0.sandbox.fault"
"""Key of the rule for a request in its ASGI scope, where a route that queues a job looks for it."""

_ACTIONS = ("reply", "html", "redirect", "reset", "truncate", "endless", "drip")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_LONGEST_WAIT = 3600.0
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


class FaultsError(StartError, ValueError):
    """The faults cannot be used; the message says where and why, as `faults[0].status: ...`."""


@dataclass(frozen=True)
class FaultRule:
    """One rule; the docstring of `modulex_mem0.sandbox.faults` explains its parts."""

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

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule applies to such requests, regardless of `calls`."""
        return self.method in {None, method} and fnmatchcase(path, self.path)

    @property
    def action(self) -> str | None:
        """What the rule does besides waiting; `None` passes the request on."""
        return next(iter(self.actions), None)

    @property
    def actions(self) -> tuple[str, ...]:
        """Everything that the rule asks for; a valid rule asks for one action at most."""
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


class FaultBoard:
    """The rules in force, and how many requests matched each. May be changed from any thread at any time."""

    def __init__(self, rules: Iterable[FaultRule] = ()) -> None:
        self._lock = threading.Lock()
        self._rules: list[FaultRule] = []
        self._seen: list[int] = []
        self.replace(rules)

    def replace(self, rules: Iterable[FaultRule]) -> None:
        """Replace the rules in force; all counts start again at 0."""
        with self._lock:
            self._rules = list(rules)
            self._seen = [0] * len(self._rules)

    def take(self, method: str, path: str) -> FaultRule | None:
        """Count a request, and return the first rule that applies to it."""
        taken: FaultRule | None = None
        with self._lock:
            for index, rule in enumerate(self._rules):
                if not rule.matches(method, path):
                    continue
                self._seen[index] += 1
                if taken is None and (rule.calls is None or self._seen[index] in rule.calls):
                    taken = rule
        return taken

    def report(self) -> list[dict[str, Any]]:
        """The rules as they were written, each with `seen`: how many requests matched it."""
        with self._lock:
            return [{**rule.source, "seen": seen} for rule, seen in zip(self._rules, self._seen, strict=True)]


def load_rules(path: Path) -> list[FaultRule]:
    """Read a file of faults.

    Raises:
        FaultsError: The file cannot be read, is not JSON, or has an invalid rule.
    """
    try:
        return parse_rules(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise FaultsError(f"{path}: {error}") from error


def parse_rules(raw: object) -> list[FaultRule]:
    """Parse a list of rules, or `{"faults": [...]}`.

    Raises:
        FaultsError: A rule is invalid; the message says where.
    """
    listed = raw.get("faults") if isinstance(raw, Mapping) and set(raw) == {"faults"} else raw
    if not isinstance(listed, list):
        raise FaultsError('faults: must be a list of rules, or {"faults": [...]}')
    return [_rule(item, f"faults[{index}]") for index, item in enumerate(listed)]


def _rule(raw: object, place: str) -> FaultRule:
    if not isinstance(raw, Mapping):
        raise FaultsError(f"{place}: must be an object")
    unknown = sorted(set(raw) - set(_PARSERS))
    if unknown:
        raise FaultsError(f"{place}.{unknown[0]}: unknown; known are {', '.join(_PARSERS)}")
    if "path" not in raw:
        raise FaultsError(f"{place}.path: is needed")
    if "body" in raw and "text" in raw:
        raise FaultsError(f"{place}: body and text exclude each other")
    parts: dict[str, Any] = {}
    for key, value in raw.items():
        parts.update(_PARSERS[key](f"{place}.{key}", value))
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
    def parse(place: str, value: object) -> dict[str, Any]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST_WAIT:
            raise FaultsError(f"{place}: must be 0 to {_LONGEST_WAIT:g} seconds")
        return {name: float(value)}

    return parse


def _status(name: str) -> Callable[[str, object], dict[str, Any]]:
    def parse(place: str, value: object) -> dict[str, Any]:
        if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
            raise FaultsError(f"{place}: must be an HTTP status from 200 to 599")
        return {name: value}

    return parse


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
    def parse(place: str, value: object) -> dict[str, Any]:
        if not isinstance(value, str) or (allowed and value not in allowed) or not _HEADER_VALUE.fullmatch(value):
            raise FaultsError(f"{place}: must be {' or '.join(allowed) if allowed else 'printable ASCII text'}")
        return {name: value}

    return parse


def _switch(name: str) -> Callable[[str, object], dict[str, Any]]:
    def parse(place: str, value: object) -> dict[str, Any]:
        if not isinstance(value, bool):
            raise FaultsError(f"{place}: must be true or false")
        return {name: value}

    return parse


_PARSERS: dict[str, Callable[[str, object], dict[str, Any]]] = {
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
    **{name: _switch(name) for name in ("processed", "truncate", "endless")},
}
