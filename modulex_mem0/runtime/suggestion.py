"""The nearest name to a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean"]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A clause to append to a refusal: the nearest known name, else all of them, else nothing."""
    known = sorted(names)
    near = get_close_matches(name.lower()[:100], known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""
