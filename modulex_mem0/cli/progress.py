"""Tells a person at a terminal that a long call goes on."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import click

from modulex_mem0.runtime import Progress, ProgressListener

__all__ = ["showing_progress"]

# A call that ends within this many seconds flashes no line on the screen.
_PATIENCE = 1.0
_REFRESH = 0.5
_ERASE_LINE = "\r\x1b[K"


@asynccontextmanager
async def showing_progress(what: str) -> AsyncIterator[ProgressListener]:
    """Keep one line on standard error up to date, if that is a terminal, and erase it at the end.

    Args:
        what: What is waited for.

    Yields:
        What `Runtime.call` wants as `on_progress`.
    """
    line = _Line(what)
    if not sys.stderr.isatty():
        yield line.tell
        return
    ticker = asyncio.create_task(_tick(line))
    try:
        yield line.tell
    finally:
        ticker.cancel()
        with suppress(asyncio.CancelledError):
            await ticker
        click.echo(_ERASE_LINE, nl=False, err=True, color=True)


class _Line:
    def __init__(self, what: str) -> None:
        self._message = what
        self._started = time.monotonic()

    def tell(self, progress: Progress) -> None:
        share = ""
        if progress.done is not None:
            share = f" {progress.done:g}" + ("" if progress.total is None else f" of {progress.total:g}")
        self._message = progress.message + share

    def __str__(self) -> str:
        return f"{self._message} ({time.monotonic() - self._started:.0f} s)"


async def _tick(line: _Line) -> None:
    await asyncio.sleep(_PATIENCE)
    while True:
        click.echo(f"{_ERASE_LINE}{line}", nl=False, err=True, color=True)
        await asyncio.sleep(_REFRESH)
