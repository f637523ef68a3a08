"""Reads single values out of Mem0's replies: a field may be absent, null or of another type, and none may raise."""

import math

__all__ = ["number", "text", "text_list", "whole_number"]


def text(value: object) -> str | None:
    """Text as it is, a number as text, anything else as None."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def text_list(value: object) -> list[str]:
    """The texts of a list; null and anything that is no list count as empty."""
    if not isinstance(value, list):
        return []
    return [item for item in map(text, value) if item is not None]


def number(value: object) -> float | None:
    """A finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole_number(value: object) -> int | None:
    """An integer, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
