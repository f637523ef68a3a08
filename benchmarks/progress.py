"""Tells a waiting person what is being measured."""

import sys

__all__ = ["tell"]


def tell(what: str) -> None:
    """A line on standard error."""
    print(f"… {what}", file=sys.stderr, flush=True)
