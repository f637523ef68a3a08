"""Instants as whole microseconds since 1970 (UTC), and how the API writes them."""

import math
import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

__all__ = ["DAY", "Instant", "format_day", "format_instant", "now", "parse_date", "parse_instant"]

DAY = 86_400_000_000
_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -62_135_596_800 * _SECOND  # 0001-01-01
_LAST = 253_402_300_800 * _SECOND - 1  # 9999-12-31T23:59:59.999999
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Instant:
    """A point in time as a client wrote it.

    Attributes:
        micros: Microseconds since 1970 (UTC); for a date, its midnight.
        whole_day: Whether it was written as a date.
    """

    micros: int
    whole_day: bool


def now() -> int:
    """The current time, in microseconds since 1970."""
    return time.time_ns() // 1000


def format_instant(micros: int) -> str:
    """The instant as `2026-01-15T10:30:00.000000Z`."""
    return f"{(_EPOCH + timedelta(microseconds=micros)).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def format_day(micros: int) -> str:
    """The UTC day of an instant as `YYYY-MM-DD`."""
    return (_EPOCH + timedelta(microseconds=micros)).date().isoformat()


def parse_date(text: object) -> str | None:
    """Return `text` if it is an existing day, written `YYYY-MM-DD`; otherwise `None`."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def parse_instant(value: object) -> Instant | None:
    """Read a date, an ISO 8601 date-time (in UTC if it names no offset) or epoch seconds.

    Returns:
        The instant, or `None` if `value` is none of these or lies outside the years 1 to 9999.
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
    # Compared before it is converted: a JSON number may be larger than any float.
    if not _FIRST // _SECOND <= seconds <= _LAST // _SECOND or not math.isfinite(seconds):
        return None
    return Instant(round(seconds * _SECOND), whole_day=False)
