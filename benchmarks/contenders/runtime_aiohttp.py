"""Our runtime's full path on aiohttp's connections."""

from contextlib import AbstractAsyncContextManager

from benchmarks.contenders.runtimes import opened_over
from benchmarks.contenders.target import Call, Target

__all__ = ["SETUP", "opened"]

SETUP = "one Runtime over aiohttp; runtime.call(…) validates what goes in and what comes out, to a JSON-ready dict"


def opened(target: Target) -> AbstractAsyncContextManager[Call]:
    """One runtime for all calls."""
    return opened_over("aiohttp", target)
