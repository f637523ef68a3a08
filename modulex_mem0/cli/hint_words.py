"""How an action behaves, in words."""

from modulex_mem0.contract import Hints

__all__ = ["hint_words"]


def hint_words(hints: Hints) -> str:
    """The hints that hold, such as `read-only, idempotent`."""
    return ", ".join(name.replace("_", "-") for name, holds in hints if holds) or "changes data"
