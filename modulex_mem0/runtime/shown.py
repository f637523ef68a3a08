"""Shows a caller a little of what it passed, never more."""

__all__ = ["cut", "shown"]

_LONGEST = 60


def cut(text: str) -> str:
    """The beginning of a text."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def shown(value: object) -> str:
    """A value that a caller passed, as a message may quote it."""
    if isinstance(value, str):
        return repr(value) if len(value) <= _LONGEST else f"{value[:_LONGEST]!r}…"
    if isinstance(value, int) and abs(value) >= 10**_LONGEST:
        # Python refuses to write out integers of thousands of digits.
        return "a huge number"
    if isinstance(value, int | float | bool) or value is None:
        return repr(value)
    return f"a value of type {type(value).__name__}"
