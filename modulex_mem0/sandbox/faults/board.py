"""The faults that are in force, and how often each was asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from modulex_mem0.sandbox.faults.rules import FaultRule


class FaultBoard:
    """Hands out faults. May be changed from any thread while requests come in."""

    def __init__(self, rules: Iterable[FaultRule] = ()) -> None:
        self._lock = threading.Lock()
        self._rules: list[FaultRule] = []
        self._seen: list[int] = []
        self.replace(rules)

    def replace(self, rules: Iterable[FaultRule]) -> None:
        """Put these rules in force instead of the present ones; all counting starts over."""
        with self._lock:
            self._rules = list(rules)
            self._seen = [0] * len(self._rules)

    def take(self, method: str, path: str) -> FaultRule | None:
        """Count a request, and return the first rule that is for it."""
        taken: FaultRule | None = None
        with self._lock:
            for index, rule in enumerate(self._rules):
                if not rule.concerns(method, path):
                    continue
                self._seen[index] += 1
                if taken is None and (rule.calls is None or self._seen[index] in rule.calls):
                    taken = rule
        return taken

    def shown(self) -> list[dict[str, Any]]:
        """The rules as they were given, each with ``seen``: how many requests matched it."""
        with self._lock:
            return [{**rule.source, "seen": seen} for rule, seen in zip(self._rules, self._seen, strict=True)]
