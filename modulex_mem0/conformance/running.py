"""An event loop for code that may leave tasks behind which do not end when they are cancelled."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["patient_loop", "run"]

T = TypeVar("T")

# `asyncio.run` waits for ever for a task that ignores its cancellation.
_PATIENCE = 1.0


@contextmanager
def patient_loop() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Yield a function that runs coroutines, all on one loop, which is closed in the end whatever goes on in it."""
    loop = asyncio.new_event_loop()
    try:
        yield loop.run_until_complete
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=_PATIENCE))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own."""
    with patient_loop() as run_on_it:
        result: T = run_on_it(main)
        return result
