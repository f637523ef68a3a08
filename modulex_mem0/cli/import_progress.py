"""The progress of an import on standard error: a bar on a terminal, a line every ten seconds elsewhere."""

import asyncio
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import click

from modulex_mem0.bulk_import import Source, Totals

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["ImportProgress", "duration"]

_REFRESH = 0.2
_LINE_EVERY = 10.0


def duration(seconds: float) -> str:
    """A time span for people, such as `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{max(whole, 1)} s"
    minutes, hours = whole // 60 % 60, whole // 3600
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"


class ShownJob(Protocol):
    """What is shown of an import; `ImportJob` has it."""

    job: str
    phase: str
    resumed: bool
    totals: Totals


class ShownRate(Protocol):
    """What is shown of its rate; `Rate` has it."""

    @property
    def pause(self) -> float:
        """Seconds until the next request may be sent."""

    @property
    def measured(self) -> float:
        """Rows a second."""

    @property
    def limit(self) -> float | None:
        """Rows a second that are allowed."""


class ImportProgress:
    """Shows how a job goes on while it is entered.

    Args:
        job: The job.
        rate: Its rate.
        source: What it imports.
    """

    def __init__(self, job: ShownJob, rate: ShownRate, source: Source) -> None:
        self._job = job
        self._rate = rate
        self._source = source
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._announced = False

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415 - 20 ms, for a terminal alone
            from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

            columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), TextColumn("{task.fields[state]}"))
            # The stream is opened here: standard output and error are exchanged while a job runs.
            self._bar = Progress(*columns, console=Console(file=sys.stderr), redirect_stdout=False, transient=False)
            self._task = self._bar.add_task("preparing", total=None, state="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._announce()
        if self._bar is not None:
            self._show()
            self._bar.stop()

    async def update(self) -> None:
        """Show the progress again and again, until it is cancelled."""
        shown = time.monotonic()
        while True:
            await asyncio.sleep(_REFRESH)
            self._announce()
            if self._bar is not None:
                self._show()
            elif time.monotonic() - shown >= _LINE_EVERY:
                shown = time.monotonic()
                self._print(f"{self._job.phase}: {self._state()}")

    def _announce(self) -> None:
        """Name the job, once it is known."""
        if not self._announced and self._job.job and self._job.phase != "preparing":
            self._announced = True
            verb = "going on with" if self._job.resumed else "begun:"
            self._print(f"{verb} import {self._job.job} ({self._source.layout.title})")

    def _print(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, highlight=False, markup=False)
        else:
            click.echo(line, err=True)

    def _show(self) -> None:
        if self._bar is None or self._task is None:
            return
        totals = self._job.totals
        known = self._job.phase not in ("preparing", "reading")
        self._bar.update(
            self._task,
            description=self._job.phase,
            total=totals.rows if known else None,
            completed=self._done if known else 0,
            state=self._state(),
        )

    @property
    def _done(self) -> int:
        totals = self._job.totals
        return min(totals.rows, totals.finished + totals.skipped + totals.failed)

    def _state(self) -> str:
        totals = self._job.totals
        if self._job.phase in ("preparing", "reading"):
            return f"{totals.rows} rows read"
        counts = f"accepted {totals.accepted}, finished {totals.finished}, failed {totals.failed}"
        parts = [f"{self._done}/{totals.rows} rows, {counts}"]
        if (pause := self._rate.pause) > 0:
            parts.append(f"the service asked to wait, or fails: {pause:.0f} s")
        elif (measured := self._rate.measured) > 0:
            left = totals.rows - totals.accepted - totals.skipped - totals.failed
            limit = self._rate.limit
            of_limit = "" if limit is None else f" of {limit:.3g} allowed"
            parts.append(f"{measured:.3g}/s{of_limit}")
            if left > 0:
                parts.append(f"about {duration(left / measured)} left")
        return "; ".join(parts)
