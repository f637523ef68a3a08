"""The nearest name to a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean"]

_MOST_LISTED = 30


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A clause to append to a refusal: the nearest known name, else all of them unless they are many."""
    known = sorted(names)
    wanted = name.lower()[:100]
    near = get_close_matches(wanted, known, n=1, cutoff=0.6)
    # A name that was given without its prefix.
    near = near or [longer for longer in known if wanted and longer.endswith(f"_{wanted}")]
    if near:
        return f"; did you mean {near[0]!r}?"
    listed = ", ".join(known[:_MOST_LISTED]) + (" …" if len(known) > _MOST_LISTED else "")
    return f"; known: {listed}" if known else ""
