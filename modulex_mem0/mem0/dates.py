"""Date parameters: a day, or a moment in ISO 8601."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["DateText", "is_day", "moment_of"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def is_day(value: str) -> bool:
    """Whether a checked date is a whole day rather than a moment."""
    return _DAY.fullmatch(value) is not None


def moment_of(value: str, *, end: bool) -> datetime:
    """The first moment that a checked date stands for, or the last one if `end`; in UTC."""
    if is_day(value):
        return datetime.combine(date.fromisoformat(value), time.max if end else time.min, tzinfo=UTC)
    return datetime.fromisoformat(value)


def _checked(value: str) -> str:
    value = value.strip()
    try:
        if is_day(value):
            return date.fromisoformat(value).isoformat()
        moment = datetime.fromisoformat(value) if _DAY.match(value) and len(value) > len("2024-01-15") else None
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError("must be a date such as 2024-01-15, or a moment such as 2024-01-15T09:30:00Z")
    try:
        # A moment without a time zone is taken as UTC, as Mem0 takes days.
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("must be a moment within the years 1 to 9999") from None
    return moment.isoformat().replace("+00:00", "Z")


DateText = Annotated[str, AfterValidator(_checked)]
