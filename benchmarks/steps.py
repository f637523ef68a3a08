"""How long a single step of the event loop takes: while it runs, nothing else does."""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["LongestStep", "longest_step"]


@dataclass(slots=True)
class LongestStep:
    """The longest step so far, in milliseconds of this thread's CPU time, so that a busy machine does not count.

    Attributes:
        milliseconds: Garbage collections included: a full one goes through all that the process holds.
        own: Without the collections that fell into the step.
    """

    milliseconds: float = 0.0
    own: float = 0.0


@contextmanager
def longest_step() -> Iterator[LongestStep]:
    """Time every callback that any event loop runs while the block lasts; this slows each by about a microsecond."""
    seen = LongestStep()
    original = asyncio.Handle._run  # noqa: SLF001 - the one place through which every callback passes
    begun_collecting = collected = 0.0

    def collecting(phase: str, _info: dict[str, Any]) -> None:
        nonlocal begun_collecting, collected
        if phase == "start":
            begun_collecting = time.thread_time()
        else:
            collected += time.thread_time() - begun_collecting

    def timed(handle: asyncio.Handle) -> None:
        nonlocal collected
        collected = 0.0
        begun = time.thread_time()
        original(handle)
        taken = time.thread_time() - begun
        seen.milliseconds = max(seen.milliseconds, taken * 1000)
        seen.own = max(seen.own, (taken - collected) * 1000)

    asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]  # noqa: SLF001 - as above
    gc.callbacks.append(collecting)
    try:
        yield seen
    finally:
        gc.callbacks.remove(collecting)
        asyncio.Handle._run = original  # type: ignore[method-assign]  # noqa: SLF001 - as above
