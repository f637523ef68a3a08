"""Date parameters: a day, or a moment in ISO 8601."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["DateText", "DayText", "created_between", "is_day", "refuse_disorder"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def is_day(value: str) -> bool:
    """Whether a checked date is a whole day rather than a moment."""
    return _DAY.fullmatch(value) is not None


def refuse_disorder(start: str | None, end: str | None, names: tuple[str, str]) -> None:
    """Refuse a start after the end.

    Raises:
        ValueError: Names the two parameters.
    """
    if start and end and _moment(start, end=False) > _moment(end, end=True):
        raise ValueError(f"{names[0]}: is after {names[1]}; swap the two")


def created_between(start: str | None, end: str | None) -> dict[str, str]:
    """A condition on `created_at`, both ends inclusive; an end that is a day covers the whole day, in UTC."""
    condition = {}
    if start is not None:
        condition["gte"] = f"{start}T00:00:00Z" if is_day(start) else start
    if end is not None:
        condition["lte"] = f"{end}T23:59:59.999999Z" if is_day(end) else end
    return condition


def _moment(value: str, *, end: bool) -> datetime:
    if is_day(value):
        return datetime.combine(date.fromisoformat(value), time.max if end else time.min, tzinfo=UTC)
    return datetime.fromisoformat(value)


def _checked_day(value: str) -> str:
    value = value.strip()
    try:
        if is_day(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise ValueError("must be a date such as 2024-12-31")


def _checked(value: str) -> str:
    value = value.strip()
    if is_day(value):
        return _checked_day(value)
    try:
        moment = datetime.fromisoformat(value) if _DAY.match(value) else None
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
DayText = Annotated[str, AfterValidator(_checked_day)]
