"""Instants as whole microseconds since 1970, in UTC, and their written forms."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

DAY = 86_400_000_000
_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -62_135_596_800 * _SECOND  # 0001-01-01
_LAST = 253_402_300_800 * _SECOND - 1  # 9999-12-31T23:59:59.999999
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Instant:
    """A point in time as a caller wrote it.

    Attributes:
        micros: Microseconds since 1970 (UTC); of a bare date, its midnight.
        whole_day: Whether it was written as a bare date.
    """

    micros: int
    whole_day: bool


def now() -> int:
    """The present, in microseconds since 1970."""
    return time.time_ns() // 1000


def written(micros: int) -> str:
    """``2026-01-15T10:30:00.000000Z``."""
    return f"{(_EPOCH + timedelta(microseconds=micros)).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def day_of(micros: int) -> str:
    """The UTC day as ``YYYY-MM-DD``."""
    return (_EPOCH + timedelta(microseconds=micros)).date().isoformat()


def parse_date(text: object) -> str | None:
    """Return ``YYYY-MM-DD`` if that is what was written and the day exists, otherwise ``None``."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def parse_instant(value: object) -> Instant | None:
    """Read a bare date, an ISO 8601 date-time (UTC unless it says otherwise) or epoch seconds.

    Returns:
        The instant, or ``None`` if ``value`` is none of these or lies outside the years 1 to 9999.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_epoch(value)
    if not isinstance(value, str):
        return None
    day = parse_date(value)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        micros = (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
    return Instant(micros, day is not None) if _FIRST <= micros <= _LAST else None


def _from_epoch(seconds: float) -> Instant | None:
    # Bounded before it is converted: a JSON number may be larger than any float.
    if not _FIRST // _SECOND <= seconds <= _LAST // _SECOND or not math.isfinite(seconds):
        return None
    return Instant(round(seconds * _SECOND), whole_day=False)
