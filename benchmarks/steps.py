"""How long a single step of the event loop takes: while it runs, nothing else does."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["LongestStep", "longest_step"]


@dataclass(slots=True)
class LongestStep:
    """The longest step so far, in milliseconds of this thread's CPU time, so that a busy machine does not count."""

    milliseconds: float = 0.0


@contextmanager
def longest_step() -> Iterator[LongestStep]:
    """Time every callback that any event loop runs while the block lasts; this slows each by about a microsecond."""
    seen = LongestStep()
    original = asyncio.Handle._run  # noqa: SLF001 - the one place through which every callback passes

    def timed(handle: asyncio.Handle) -> None:
        begun = time.thread_time()
        original(handle)
        seen.milliseconds = max(seen.milliseconds, (time.thread_time() - begun) * 1000)

    asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]  # noqa: SLF001 - as above
    try:
        yield seen
    finally:
        asyncio.Handle._run = original  # type: ignore[method-assign]  # noqa: SLF001 - as above
