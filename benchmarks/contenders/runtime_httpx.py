"""Our runtime's full path on httpx's own transport."""

from contextlib import AbstractAsyncContextManager

from benchmarks.contenders.runtimes import opened_over
from benchmarks.contenders.target import Call, Target

__all__ = ["SETUP", "opened"]

SETUP = "one Runtime over httpx; runtime.call(…) validates what goes in and what comes out, to a JSON-ready dict"


def opened(target: Target) -> AbstractAsyncContextManager[Call]:
    """One runtime for all calls."""
    return opened_over("httpx", target)
