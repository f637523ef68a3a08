"""The runtime of tools that were given none."""

import atexit
from functools import cache

from modulex_mem0.runtime import Runtime

__all__ = ["process_runtime"]


@cache
def process_runtime() -> Runtime:
    """The one of this process, made at the first call and closed when the process ends."""
    runtime = Runtime()
    atexit.register(runtime.close)
    return runtime
