"""What a dry run finds out: how many adds, for how many users, what is invalid and why, and how long it will take."""

import asyncio
import hashlib
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from modulex_mem0.bulk_import import (
    CallFailedError,
    Destination,
    ImportStoppedError,
    InvalidRow,
    Row,
    Source,
    TemporaryKeys,
)
from modulex_mem0.cli.import_progress import duration
from modulex_mem0.runtime import Runtime

__all__ = ["Survey", "survey"]

_MOST_REASONS = 20
_MOST_PLACES = 3
_PROBES = 3
# What one machine manages, however fast the service is.
_FASTEST = 500.0
# But for the 8 of UTF-8.
_NUMBER = re.compile(r"(?<!UTF-)(?<!\d)\d+")


@dataclass(slots=True)
class Survey:
    """What a source holds.

    Attributes:
        source: Its name.
        layout: What it was recognised as.
        rows: All rows.
        to_send: Valid rows, each once.
        duplicates: Rows that repeat an earlier one.
        invalid: Rows that cannot be sent.
        messages: Messages in the rows that are sent.
        users: Users of the rows that are sent.
        reasons: Why rows are invalid, with how many of them.
        places: By reason, where the first ones are.
        seconds: How long the import will take; None if that cannot be said.
        basis: What that is based on.
    """

    source: str
    layout: str
    rows: int = 0
    to_send: int = 0
    duplicates: int = 0
    invalid: int = 0
    messages: int = 0
    users: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=dict)
    seconds: float | None = None
    basis: str = ""

    def estimate(self, runtime: Runtime, destination: Destination, *, rate: float | None, concurrency: int) -> None:
        """Say how long the import will take: by the given rate, or by how fast the service answers now."""
        latency = asyncio.run(_latency(runtime, destination))
        if isinstance(latency, str):
            if rate is not None:
                self.seconds, self.basis = self.to_send / rate, f"{rate:g} adds a second"
            else:
                self.basis = f"cannot be said: {latency}"
            return
        reachable = min(concurrency / latency, _FASTEST)
        speed = reachable if rate is None else min(rate, reachable)
        self.seconds = self.to_send / speed
        self.basis = (
            f"{speed:.3g} adds a second: {concurrency} at once, and the service answers in {latency * 1000:.0f} ms now;"
            " it may slow them down"
            if speed == reachable
            else f"{speed:g} adds a second"
        )

    def as_json(self) -> dict[str, Any]:
        """The findings as data."""
        return {
            "source": self.source,
            "format": self.layout,
            "rows": self.rows,
            "to_send": self.to_send,
            "users": self.users,
            "messages": self.messages,
            "duplicates": self.duplicates,
            "invalid": self.invalid,
            "reasons": [
                {"reason": reason, "rows": count, "first": self.places[reason]}
                for reason, count in self.reasons.most_common(_MOST_REASONS)
            ],
            "seconds": None if self.seconds is None else round(self.seconds, 1),
            "seconds_are_based_on": self.basis,
        }

    def as_text(self) -> str:
        """The findings for people."""
        takes = self.basis if self.seconds is None else f"about {duration(self.seconds)} ({self.basis})"
        lines = [
            f"source     {self.source}",
            f"format     {self.layout}",
            f"rows       {self.rows}",
            f"would send {self.to_send} adds with {self.messages} messages for {self.users} users",
            f"duplicates {self.duplicates} (each row is sent once)",
            f"invalid    {self.invalid}",
        ]
        for reason, count in self.reasons.most_common(_MOST_REASONS):
            lines.append(
                f"  {count} x {reason} ({', '.join(self.places[reason])}{', …' if count > _MOST_PLACES else ''})"
            )
        if len(self.reasons) > _MOST_REASONS:
            lines.append(f"  … and {len(self.reasons) - _MOST_REASONS} more reasons")
        return "\n".join([*lines, f"takes      {takes}", "Nothing was sent."])


class _WatchedKeys:
    """Keys that say which of the last ones were new: those of the rows that are sent."""

    def __init__(self, keys: TemporaryKeys) -> None:
        self._keys = keys
        self.news: list[bool] = []

    def add(self, keys: Sequence[bytes]) -> list[bool]:
        """Remember keys; says of each whether it was new."""
        self.news = self._keys.add(keys)
        return self.news


def survey(source: Source) -> Survey:
    """Read a source from its beginning to its end.

    Raises:
        SourceError: It cannot be read.
    """
    found = Survey(source.name, source.layout.title)
    with TemporaryKeys() as stored, TemporaryKeys() as users:
        keys = _WatchedKeys(stored)

        def look(rows: list[Row | InvalidRow]) -> None:
            news = iter(keys.news)
            for row in rows:
                if isinstance(row, InvalidRow):
                    # Numbers differ from row to row, and the reason is the same.
                    reason = _NUMBER.sub("N", row.reason)
                    if reason not in found.reasons and len(found.reasons) >= 10 * _MOST_REASONS:
                        reason = "other reasons"
                    found.reasons[reason] += 1
                    places = found.places.setdefault(reason, [])
                    if len(places) < _MOST_PLACES:
                        places.append(row.place)
                elif next(news):
                    found.messages += len(row.input["messages"])
                    user = hashlib.sha256(row.input["user_id"].encode("utf-8", "surrogatepass")).digest()
                    found.users += users.add([user])[0]

        for chunk in source.index(keys, on_rows=look):
            found.rows += chunk.rows
            found.to_send += chunk.to_send
            found.duplicates += len(chunk.duplicates)
            found.invalid += chunk.invalid
    return found


async def _latency(runtime: Runtime, destination: Destination) -> float | str:
    """How long the service takes to answer, in seconds; or why that is not known."""
    async with runtime:
        try:
            await destination.identity()
            begun = time.perf_counter()
            for _ in range(_PROBES):
                await destination.identity()
        except (ImportStoppedError, CallFailedError) as error:
            return str(error)
    return (time.perf_counter() - begun) / _PROBES
