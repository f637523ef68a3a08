"""Checking one field of a request at a time, with the refusals that Django REST framework words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modulex_mem0.sandbox.clock import Instant, parse_date, parse_instant
from modulex_mem0.sandbox.errors import field_error

Body = Mapping[str, Any]
REQUIRED = "This field is required."


def text(body: Body, field: str, *, required: bool = False, blank: bool = True) -> str | None:
    """A string, or ``None`` if it is absent or null."""
    value = body.get(field)
    if value is None:
        if required:
            raise field_error(field, REQUIRED if field not in body else "This field may not be null.")
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise field_error(field, "Not a valid string.")
    if not blank and not str(value).strip():
        raise field_error(field, "This field may not be blank.")
    return str(value)


def flag(body: Body, field: str, *, default: bool) -> bool:
    """A boolean; the words and numbers that Django takes for one are taken here too."""
    value = body.get(field)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word in {"true", "1", "yes", "on"}:
        return True
    if word in {"false", "0", "no", "off"}:
        return False
    raise field_error(field, "Must be a valid boolean.")


def number(body: Body, field: str, *, default: float, least: float, most: float) -> float:
    """A number between ``least`` and ``most``, both included."""
    value = body.get(field)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise field_error(field, "A valid number is required.")
    _check_range(field, value, least, most)
    return float(value)


def whole_number(body: Body, field: str, *, default: int, least: int, most: int) -> int:
    """An integer between ``least`` and ``most``, both included."""
    value = body.get(field)
    if value is None:
        return default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise field_error(field, "A valid integer is required.")
    _check_range(field, value, least, most)
    return value


def mapping(body: Body, field: str, *, required: bool = False) -> dict[str, Any] | None:
    """An object, or ``None`` if it is absent or null."""
    value = body.get(field)
    if value is None:
        if required:
            raise field_error(field, REQUIRED)
        return None
    if not isinstance(value, dict):
        raise field_error(field, f'Expected a dictionary of items but got type "{type(value).__name__}".')
    return value


def texts(body: Body, field: str) -> list[str] | None:
    """A list of strings, or ``None`` if it is absent or null."""
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, list):
        raise field_error(field, f'Expected a list of items but got type "{type(value).__name__}".')
    if not all(isinstance(item, str) for item in value):
        raise field_error(field, "Not a valid string.")
    return value


def day(body: Body, field: str) -> str | None:
    """A date as ``YYYY-MM-DD``, or ``None`` if it is absent or null."""
    value = body.get(field)
    if value is None:
        return None
    parsed = parse_date(value)
    if parsed is None:
        raise field_error(field, "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
    return parsed


def instant(body: Body, field: str) -> Instant | None:
    """A date, date-time or epoch, or ``None`` if it is absent or null."""
    value = body.get(field)
    if value is None:
        return None
    parsed = parse_instant(value)
    if parsed is None:
        raise field_error(field, "Use a Unix epoch in seconds, YYYY-MM-DD, or an ISO 8601 date-time.")
    return parsed


def epoch(body: Body, field: str) -> int | None:
    """Unix epoch seconds as microseconds, or ``None`` if it is absent or null."""
    value = body.get(field)
    if value is None:
        return None
    if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) <= 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise field_error(field, "A valid integer is required.")
    parsed = parse_instant(value)
    if parsed is None:
        raise field_error(field, "Unix epoch seconds out of range.")
    return parsed.micros


def _check_range(field: str, value: float, least: float, most: float) -> None:
    if value < least:
        raise field_error(field, f"Ensure this value is greater than or equal to {least}.")
    if value > most:
        raise field_error(field, f"Ensure this value is less than or equal to {most}.")
