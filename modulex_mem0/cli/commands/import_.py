"""`import`: import a file, and see, correct or undo what became of it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from modulex_mem0.bulk_import import (
    FORMATS,
    CallFailedError,
    Destination,
    DestinationUnavailableError,
    ImportJob,
    ImportOptions,
    ImportStoppedError,
    JobStatus,
    Ledger,
    LedgerError,
    Rate,
    Source,
    SourceError,
    Totals,
    count_job,
    failed_rows,
    find_job,
    import_folder,
    job_status,
    list_jobs,
    open_source,
    undo_job,
)
from modulex_mem0.cli import options
from modulex_mem0.cli.app import ExitCode
from modulex_mem0.cli.files import read_credential
from modulex_mem0.cli.import_progress import ImportProgress
from modulex_mem0.cli.import_survey import survey
from modulex_mem0.cli.output import error_advice, json_line, json_text, table
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.cli.temporal_import import import_on_temporal
from modulex_mem0.runtime import Runtime, RuntimeSettings, RuntimeUsageError

__all__ = ["command"]


class _FileOrCommand(click.Group):
    """A group whose first argument is one of its commands, or else what its command `run` takes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` before everything that is not a command."""
        known = {*self.commands, *ctx.help_option_names}
        if args and args[0] not in known and not ctx.resilient_parsing:
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the forms of the command line."""
        formatter.write_usage(ctx.command_path, "FILE [OPTIONS]")
        for name in self.list_commands(ctx):
            formatter.write_usage(ctx.command_path, f"{name} [JOB] [OPTIONS]")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of an import, and the other commands."""
        self.commands["run"].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands that are named on the command line."""
        return [name for name in self.commands if name != "run"]


@click.group(cls=_FileOrCommand, no_args_is_help=True)
def command() -> None:
    """Import conversations or memories from a file or a URL.

    The file is JSONL (each line an input of add_memories), CSV, the conversations.json of ChatGPT or Claude, messages
    of LangChain or OpenAI, or memories that Mem0 returned; which of them is seen from its beginning. After Ctrl-C, a
    crash or a power cut, the same command goes on, and what Mem0 has already is not sent again.

    \b
    Examples:
      modulex-mem0 import conversations.json --user-id alice --dry-run
      modulex-mem0 import conversations.json --user-id alice
      modulex-mem0 import support.csv --map user_id=customer --map content=text
      modulex-mem0 import failures JOB --output failures.jsonl
      modulex-mem0 import failures.jsonl

    Exits 0 if all rows were imported, 1 if some were not or it had to stop, and 130 on Ctrl-C.
    """  # noqa: D301 - a real backspace is click's mark for a paragraph that is not rewrapped


@command.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--to", "integration", default=options.default_integration, metavar="NAME", help="The integration to import into."
)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="auto", help="Of the file, if it is not recognised."
)
@click.option("--user-id", metavar="ID", help="The user of rows that name none.")
@click.option("--infer/--no-infer", default=None, help="Extract memories from rows, or store them word for word.")
@click.option(
    "--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="For CSV: the column of a field, or metadata.NAME."
)
@click.option("--delimiter", metavar="CHARACTER", help="For CSV, if it is not recognised.")
@click.option(
    "--turns",
    type=click.IntRange(1, 1000),
    default=20,
    help="Messages in one add; a longer conversation is sent in parts.  [20]",
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), metavar="N", help="At most N requests a second.")
@click.option(
    "--concurrency", type=click.IntRange(1, 1000), default=16, metavar="N", help="At most N requests at once.  [16]"
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=600.0,
    metavar="SECONDS",
    help="How long to keep trying while the service takes nothing.  [600]",
)
@click.option(
    "--temporal",
    metavar="ADDRESS",
    help="Have the workers of this Temporal server do it, and follow them; see `modulex-mem0 temporal worker`.",
)
@click.option("--task-queue", metavar="NAME", help="With --temporal: where its workers are.  [modulex-mem0]")
@click.option("--dry-run", is_flag=True, help="Send nothing; say what would be sent, and what is invalid.")
@options.credential_file
@options.credential_name
@options.as_json
def run(
    *,
    file: str,
    integration: str,
    format_: str,
    user_id: str | None,
    infer: bool | None,
    columns: tuple[str, ...],
    delimiter: str | None,
    turns: int,
    rate: float | None,
    concurrency: int,
    patience: float,
    temporal: str | None,
    task_queue: str | None,
    dry_run: bool,
    credential_file: Path | None,
    credential_name: str | None,
    as_json: bool,
) -> None:
    """Import a file, or go on with its import."""
    if temporal is not None and credential_file is not None:
        raise click.UsageError("with --temporal, name a credential that is stored on the workers: --credential NAME")
    if temporal is None and task_queue is not None:
        raise click.UsageError("--task-queue needs --temporal")
    for name in ("concurrency", "patience"):
        if temporal is not None and _is_given(name):
            raise click.UsageError(f"--{name} has no effect with --temporal: its workers decide, see `temporal worker`")
    given = _options(format=format_, user_id=user_id, infer=infer, columns=columns, delimiter=delimiter, turns=turns)
    runtime, destination = _destination(integration, credential_file, credential_name, concurrency)
    with _clear_errors():
        source = open_source(file, given, destination.add_action)
        if dry_run:
            _dry_run(runtime, destination, source, rate=rate, concurrency=concurrency, as_json=as_json)
            return
        if temporal is not None:
            _finish(
                import_on_temporal(
                    temporal,
                    file,
                    source,
                    given,
                    task_queue=task_queue,
                    integration=integration,
                    credential_name=credential_name,
                    rate=rate,
                ),
                as_json=as_json,
            )
            return
        pace = Rate(rate, in_flight=concurrency)
        job = ImportJob(destination, source, pace, patience=patience)
        facts = {"credential": credential_name, "credential_file": credential_file and str(credential_file.absolute())}
        try:
            with ImportProgress(job, pace, source) as progress, foreign_code():
                status = asyncio.run(_run(runtime, job, facts, progress))
        except KeyboardInterrupt:
            click.echo("\nstopped; the same command goes on", err=True)
            raise
    if job.was_done:
        click.echo(
            f"nothing was left to do; to import it once more, first: modulex-mem0 import undo {job.job}", err=True
        )
    _finish(status, as_json=as_json)


@command.command()
@click.argument("job", required=False)
@options.as_json
def status(*, job: str | None, as_json: bool) -> None:
    """Say how far an import is; without JOB, list the imports of this machine."""
    with _clear_errors():
        if job is not None:
            with find_job(job) as ledger:
                _print_status(job_status(ledger), as_json=as_json)
            return
        found = []
        for name in list_jobs(import_folder()):
            with find_job(name) as ledger:
                found.append(job_status(ledger))
    if as_json:
        click.echo(json_text({"imports": [_as_json(one) for one in found]}))
    elif found:
        headers = ("JOB", "STATE", "BEGUN", "ROWS", "ACCEPTED", "FINISHED", "FAILED", "SOURCE")
        click.echo(table(headers, [_row(one) for one in found]))
    else:
        click.echo("No import was begun on this machine.")


@command.command()
@click.argument("job")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Write them to a file.")
@click.option("--file", "address", metavar="FILE", help="Where the source is now, if it was moved.")
def failures(*, job: str, output: Path | None, address: str | None) -> None:
    """Print the rows that were not imported, as JSONL.

    Each line is a row as it was sent, with the reason in `import_error`. Correct the lines, and import the file.
    """
    with _clear_errors(), find_job(job) as ledger:
        integration = ledger.record.get("integration") or options.default_integration()
        add = options.find_integration(options.discovered(), integration).actions.get("add_memories")
        lines = (json_line(row) for row in failed_rows(ledger, add, address))
        if output is None:
            for line in lines:
                click.echo(line)
            return
        count = 0
        try:
            with output.open("w", encoding="utf-8", newline="\n") as file:
                for line in lines:
                    file.write(f"{line}\n")
                    count += 1
        except OSError as error:
            raise click.BadParameter(f"cannot write {output}: {error.strerror}", param_hint="--output") from None
    click.echo(f"{output}: {count} {'row' if count == 1 else 'rows'}; correct them, then: modulex-mem0 import {output}")


@command.command()
@click.argument("job")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.credential_file
@options.credential_name
def undo(*, job: str, yes: bool, credential_file: Path | None, credential_name: str | None) -> None:
    """Delete what an import has added, user by user.

    Memories are found by the tags that the import gave them. It counts them and asks first. Memories that Mem0 merged
    into others, or that were changed since, keep those changes.
    """
    with _clear_errors(), find_job(job) as ledger:
        ledger.lock()
        record = ledger.record
        if credential_name is None and credential_file is None:
            # What it was imported with.
            credential_name = record.get("credential")
            credential_file = Path(record["credential_file"]) if record.get("credential_file") else None
        integration = record.get("integration") or options.default_integration()
        runtime, destination = _destination(integration, credential_file, credential_name, 16)
        with foreign_code():
            counts = asyncio.run(_count(runtime, ledger, destination))
        total = sum(counts.values())
        name = ledger.path.stem
        click.echo(f"import {name} of {record.get('source')}: {total} memories of {len(counts)} users", err=True)
        if unfinished := ledger.pending_count() + ledger.open_chunks():
            click.echo(
                f"{unfinished} adds or chunks of it have not ended; what they store later stays. Run the import to its"
                " end first, or undo it again then.",
                err=True,
            )
        if not yes and not click.confirm("Delete them for good?", err=True):
            raise click.exceptions.Exit(ExitCode.FAILURE)
        runtime, destination = _destination(integration, credential_file, credential_name, 16)
        with foreign_code():
            deleted = asyncio.run(_undo(runtime, ledger, destination))
    click.echo(f"undone: {name}, {deleted} memories deleted")


def _is_given(option: str) -> bool:
    """Whether an option was set by the user, and does not have its default."""
    return click.get_current_context().get_parameter_source(option) is not click.core.ParameterSource.DEFAULT


def _finish(status: JobStatus, *, as_json: bool) -> None:
    _print_status(status, as_json=as_json)
    if status.totals.failed or status.pending or status.open_chunks:
        raise click.exceptions.Exit(ExitCode.FAILURE)


async def _run(runtime: Runtime, job: ImportJob, facts: dict[str, Any], progress: ImportProgress) -> JobStatus:
    async with runtime:
        shown = asyncio.ensure_future(progress.update())
        try:
            return await job.run(facts=facts)
        finally:
            shown.cancel()


async def _count(runtime: Runtime, ledger: Ledger, destination: Destination) -> dict[str, int]:
    async with runtime:
        return await count_job(ledger, destination, Rate())


async def _undo(runtime: Runtime, ledger: Ledger, destination: Destination) -> int:
    async with runtime:
        return await undo_job(ledger, destination, Rate())


def _options(
    *, columns: tuple[str, ...], delimiter: str | None, user_id: str | None, **others: str | bool | int | None
) -> ImportOptions:
    mapping = {}
    for entry in columns:
        name, equals, column = entry.partition("=")
        if not (name and equals and column):
            raise click.BadParameter(f"{entry!r} must be FIELD=COLUMN, as in content=Text", param_hint="--map")
        mapping[name.strip()] = column.strip()
    if user_id is not None and not user_id.strip():
        raise click.BadParameter("is blank; name the user, or leave it out", param_hint="--user-id")
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter)
    if delimiter is not None and len(delimiter) != 1:
        raise click.BadParameter("must be one character, or tab", param_hint="--delimiter")
    return ImportOptions.model_validate({**others, "user_id": user_id, "columns": mapping, "delimiter": delimiter})


def _destination(
    integration: str, credential_file: Path | None, credential_name: str | None, concurrency: int
) -> tuple[Runtime, Destination]:
    if credential_file is not None and credential_name is not None:
        raise click.UsageError("give --credential or --credential-file, not both")
    with foreign_code():
        runtime = Runtime(RuntimeSettings(max_connections=max(concurrency, 1)))
    options.find_integration(runtime.integrations, integration, hint="--to")
    credential = credential_name if credential_name is not None else read_credential(credential_file)
    try:
        return runtime, Destination(runtime, credential, integration)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--to") from None
    except RuntimeUsageError as error:
        raise click.ClickException(str(error)) from None


def _dry_run(
    runtime: Runtime, destination: Destination, source: Source, *, rate: float | None, concurrency: int, as_json: bool
) -> None:
    found = survey(source)
    with foreign_code():
        found.estimate(runtime, destination, rate=rate, concurrency=concurrency)
    click.echo(json_text(found.as_json()) if as_json else found.as_text())
    if found.invalid:
        raise click.exceptions.Exit(ExitCode.FAILURE)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Report in a line or two why an import cannot begin or go on."""
    try:
        yield
    except (SourceError, LedgerError) as error:
        raise click.ClickException(str(error)) from None
    except DestinationUnavailableError as error:
        raise click.ClickException(f"the service takes nothing: {error}\nThe same command goes on.") from None
    except CallFailedError as error:
        raise click.ClickException(f"{error}\nThe same command can be tried again.") from None
    except ImportStoppedError as error:
        profile = options.find_integration(options.discovered(), options.default_integration()).profile
        advice = "\n".join(error_advice(error.error, profile))
        raise click.ClickException(f"{error}\n{advice}\nAfter that, the same command goes on.") from None


def _print_status(status: JobStatus, *, as_json: bool) -> None:
    if as_json:
        click.echo(json_text(_as_json(status)))
        return
    totals, name = status.totals, status.job
    lines = [
        f"import   {name} of {status.record.get('source')}: {_state(status)}",
        f"rows     {totals.rows}",
        f"accepted {totals.accepted}",
        f"finished {totals.finished}",
        f"skipped  {totals.skipped} (the same row stands earlier in the source)",
        f"failed   {totals.failed}" + (f" (modulex-mem0 import failures {name})" if totals.failed else ""),
    ]
    if status.pending:
        lines.append(f"pending  {status.pending} (the same command follows them)")
    click.echo("\n".join(lines))


def _state(status: JobStatus) -> str:
    state = str(status.record.get("state", "new"))
    return {"indexing": "not read to its end", "sending": "not finished"}.get(state, state)


def _as_json(status: JobStatus) -> dict[str, Any]:
    record, totals = status.record, status.totals
    return {
        "job": status.job,
        "source": record.get("source"),
        "state": record.get("state", "new"),
        "begun": _moment(record.get("begun")),
        **_totals(totals),
        "pending": status.pending,
        "open_chunks": status.open_chunks,
    }


def _totals(totals: Totals) -> dict[str, int]:
    return {name: getattr(totals, name) for name in ("rows", "accepted", "finished", "skipped", "failed")}


def _row(status: JobStatus) -> tuple[str, ...]:
    totals = status.totals
    numbers = (totals.rows, totals.accepted, totals.finished, totals.failed)
    return (
        status.job,
        status.record.get("state", "new"),
        _moment(status.record.get("begun")) or "",
        *map(str, numbers),
        str(status.record.get("source")),
    )


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
