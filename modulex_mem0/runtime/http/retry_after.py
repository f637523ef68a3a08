"""How long a service asks its callers to wait."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["retry_after_seconds"]

# A wait beyond a day is not a wait that a caller plans for; it also keeps huge numbers out of results.
_LONGEST = 86_400.0


def retry_after_seconds(header: Callable[[str], str | None], *, limited: bool) -> float | None:
    """Seconds to wait: `Retry-After` in seconds or as an HTTP date, else `X-RateLimit-Reset`; None where absent.

    Args:
        header: Looks up a header of the reply.
        limited: Whether the reply says that a rate limit was hit. Services send the reset with every reply; with any
            other it says nothing about how long to wait.
    """
    value = header("retry-after")
    asked = None if value is None else _from_number(value) if _is_number(value) else _from_date(value)
    if asked is not None:
        return asked
    reset = header("x-ratelimit-reset") if limited else None
    if reset is None or not _is_number(reset):
        return None
    seconds = float(reset)
    # Both forms are in use: seconds from now, and the moment as seconds since 1970.
    return _bounded(seconds - datetime.now(UTC).timestamp() if seconds > 1_000_000_000 else seconds)


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _from_number(value: str) -> float:
    return _bounded(float(value))


def _from_date(value: str) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _bounded(math.ceil((moment - datetime.now(UTC)).total_seconds()))


def _bounded(seconds: float) -> float:
    return float(min(max(seconds, 0.0), _LONGEST))
