"""An import on a Temporal server, as the command `import` starts and follows it, and its record on this machine."""

import asyncio
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from modulex_mem0.bulk_import import (
    Chunk,
    ChunkResult,
    ImportOptions,
    InvalidRow,
    JobStatus,
    Ledger,
    Row,
    RowFailure,
    Source,
    Totals,
    import_folder,
    job_status,
    scopes_of,
)
from modulex_mem0.cli.app import requires_extra
from modulex_mem0.cli.import_progress import ImportProgress
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.contract import ErrorCode

if TYPE_CHECKING:
    from modulex_mem0.hosts import temporal

__all__ = ["import_on_temporal"]

# Chunks are counted when they are done, so a shorter time would show no rate between two of them.
_WINDOW = 60.0


def import_on_temporal(
    address: str,
    file: str,
    source: Source,
    given: ImportOptions,
    *,
    task_queue: str | None,
    integration: str,
    credential_name: str | None,
    rate: float | None,
) -> JobStatus:
    """Start an import, or go on with it, and follow it to its end.

    Args:
        address: The Temporal server's.
        file: The address of the source, as it was given.
        source: The same.
        given: How it is read.
        task_queue: Of the workers.
        integration: Where to.
        credential_name: A credential that is stored on the workers.
        rate: The most requests a second.

    Raises:
        click.ClickException: It cannot be started, or waits for somebody.
    """
    with requires_extra("temporal", "an import on Temporal"):
        from modulex_mem0.hosts import temporal  # noqa: PLC0415 - an extra

    options = given.model_dump(mode="json", exclude_defaults=True)
    fingerprint = source.fingerprint()
    job, path = _job(
        lambda generation: temporal.import_job_id(fingerprint, options, integration, credential_name, generation)
    )
    request = temporal.ImportRequest(
        job=job,
        source=_absolute(file),
        fingerprint=fingerprint,
        options=options,
        integration=integration,
        credential_name=credential_name,
        rate=rate,
        task_queue=task_queue or temporal.TASK_QUEUE,
    )
    followed = _Followed(job)

    async def run() -> "list[temporal.ChunkRecord]":
        client = await temporal.connect(address)
        handle = await temporal.start_import(client, request)
        followed.phase, followed.resumed = "sending", not handle.is_new
        if not await temporal.has_workers(client, request.task_queue):
            click.echo(
                f"no worker has asked for work lately; start one: modulex-mem0 temporal worker --address {address}",
                err=True,
            )
        shown = asyncio.ensure_future(progress.update())
        try:
            await handle.follow(followed.update)
            return await handle.records()
        finally:
            shown.cancel()

    try:
        with ImportProgress(followed, followed, source) as progress, foreign_code():
            records = asyncio.run(run())
    except temporal.ImportWaitsError as error:
        raise click.ClickException(f"the import waits: {error}\nAfter that, the same command lets it go on.") from None
    except (temporal.TemporalImportError, temporal.ConnectionFailedError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo(
            f"\nthe import goes on as the workflow {temporal.workflow_id(job)}; the same command follows it", err=True
        )
        raise
    with Ledger(path) as ledger:
        if ledger.record.get("state") != "done":
            _record(
                ledger, records, source, {"credential": credential_name, "address": request.source, "temporal": address}
            )
            ledger.note(
                options=given.model_dump(mode="json"), integration=integration, fingerprint=fingerprint, state="done"
            )
        return job_status(ledger)


def _job(make_id: Any) -> tuple[str, Path]:  # noqa: ANN401 - from a generation to an id
    """The id of the import and its ledger. What was undone is imported again as another one."""
    for generation in range(1_000_000):
        job = make_id(generation)
        path = import_folder() / f"{job}.db"
        if not path.exists():
            break
        with Ledger(path) as ledger:
            if ledger.record.get("state") != "undone":
                break
    return job, path


def _absolute(file: str) -> str:
    """The address as the workers use it."""
    return file if len(urlsplit(file).scheme) > 1 else str(Path(file).absolute())


class _Followed:
    """How a followed import goes, in the form in which the progress of one on this machine is shown."""

    pause = 0.0
    limit = None

    def __init__(self, job: str) -> None:
        self.job = job
        self.phase = "preparing"
        self.resumed = False
        self.totals = Totals()
        self._seen: deque[tuple[float, int]] = deque()

    def update(self, progress: "temporal.ImportProgress") -> None:
        """Take over what the workflow says."""
        if progress.is_indexed:
            self.phase = "sending" if progress.sending else "finishing"
        for name in ("rows", "accepted", "skipped", "finished", "failed"):
            setattr(self.totals, name, getattr(progress, name))
        now = time.monotonic()
        self._seen.append((now, progress.accepted))
        while now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()

    @property
    def measured(self) -> float:
        """The rows a second of the last minute."""
        if len(self._seen) < 2:
            return 0.0
        (begun, before), (now, accepted) = self._seen[0], self._seen[-1]
        return (accepted - before) / max(now - begun, 0.1)


def _record(ledger: Ledger, records: "list[temporal.ChunkRecord]", source: Source, facts: dict[str, Any]) -> None:
    """Write what the histories say into a ledger, so that `import status`, `failures` and `undo` work as ever."""
    ledger.note(source=source.name, begun=time.time(), **facts)
    known = ledger.last_chunk()
    for record in records:
        chunk = Chunk.model_validate(record.chunk)
        if known is not None and chunk.number <= known.number:
            continue
        rows = source.read(chunk)
        ledger.add_chunk(chunk)
        sent = [row for position in rows.to_send if isinstance(row := rows.rows[position], Row)]
        since = ledger.begin_chunk(chunk.number, scopes_of(sent))
        invalid = [
            RowFailure(position=position, place=row.place, stage="invalid", reason=row.reason)
            for position, row in enumerate(rows.rows)
            if isinstance(row, InvalidRow)
        ]
        failed = [
            RowFailure(
                position=failure.position,
                place=rows.rows[failure.position].place,
                stage=failure.stage,
                reason=_reason(failure.code),
            )
            for failure in record.outcome.failures
        ]
        outcome = record.outcome
        ledger.end_chunk(
            ChunkResult(
                number=chunk.number,
                rows=chunk.rows,
                accepted=outcome.accepted,
                skipped=outcome.skipped,
                finished=outcome.finished,
                failures=(*invalid, *failed),
            ),
            since,
        )


def _reason(code: str | None) -> str:
    """Histories keep no text of the service's."""
    return "the add was accepted, and failed later" if code is None else f"{code}: {ErrorCode(code).advice}"
