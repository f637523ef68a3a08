"""`call`: call an action and print its output."""

import re
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modulex_mem0.cli import completion, options
from modulex_mem0.cli.app import ExitCode
from modulex_mem0.cli.files import argument_text, parse_object, read_credential, read_source
from modulex_mem0.cli.output import call_command, error_advice, json_text
from modulex_mem0.cli.streams import OutputError, foreign_code
from modulex_mem0.contract import ActionManifest, Integration
from modulex_mem0.json_schema import read_value
from modulex_mem0.runtime import BrokenIntegrationError, Registry

if TYPE_CHECKING:
    from modulex_mem0.runtime import Progress, ProgressListener, Result, Runtime

__all__ = ["command", "follow_up_command", "input_object", "with_parameters"]

_INPUT, _PARAMETER = "--input", "-p"
# A call that ends within this many seconds shows no progress.
_PATIENCE = 1.0


@click.command()
@click.argument("action", shell_complete=completion.actions)
@click.option(
    _INPUT,
    "source",
    metavar="JSON|@FILE|@-",
    shell_complete=completion.input_files,
    help="The parameters as a JSON object: the text itself, a file, or standard input (@- or -).",
)
@click.option(
    _PARAMETER,
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=completion.assignments,
    help="One parameter, overriding --input; JSON if the parameter takes more than text. @FILE reads the value from a"
    " file, @- from standard input, and @@ begins a value with @. May be given more than once.",
)
@options.timeout
@options.integration
@options.credential_file
@options.credential_name
def command(
    *,
    action: str,
    source: str | None,
    assignments: tuple[str, ...],
    timeout: float | None,
    integration: str,
    credential_file: Path | None,
    credential_name: str | None,
) -> None:
    """Call an action and print its output as JSON.

    Standard output holds the output and nothing else; it satisfies the action's output schema, on failure too. The
    credential is read from the environment variables that `modulex-mem0 auth` lists, from a file, or from the stored
    ones.

    \b
    Examples:
      modulex-mem0 call search_memories -p user_id=alice -p query=food -p limit=5
      modulex-mem0 call add_memories -p user_id=alice -p messages=@conversation.json
      fortune | modulex-mem0 call add_memories -p user_id=alice -p messages=@-
      echo '{"user_id": "alice"}' | modulex-mem0 call get_memories --input - | jq '.memories[].memory'

    Exits 0 if the output says success, 1 if it does not, and 2 if the command line is wrong: an unknown action, an
    unreadable file, input that is not a JSON object.
    """  # noqa: D301 - a real backspace is click's mark for a paragraph that is not rewrapped
    # Imported here: together 40 ms, which completing a line need not pay.
    import asyncio  # noqa: PLC0415

    from modulex_mem0.runtime import Runtime  # noqa: PLC0415

    if credential_file is not None and credential_name is not None:
        raise click.UsageError("give --credential or --credential-file, not both")
    with foreign_code():
        runtime = Runtime()
    found = options.find_integration(runtime.integrations, integration)
    described = _describe(found, action, runtime.integrations)
    _check_standard_input(source, assignments)
    values = with_parameters(input_object(source), assignments, described.input_schema)
    credential = credential_name if credential_name is not None else read_credential(credential_file)
    try:
        # What a handler prints is kept out of the output.
        with foreign_code():
            result = asyncio.run(_call(runtime, integration, action, values, credential=credential, timeout=timeout))
    except KeyboardInterrupt:
        if not described.hints.safe_to_retry:
            click.echo(f"\n{action} may have taken effect; check before you call it again", err=True)
        raise
    except BrokenIntegrationError as error:
        raise click.ClickException(str(error)) from error
    _print_output(action, described, result)
    if result.error is not None:
        for line in error_advice(result.error, found.profile, changes=not described.hints.safe_to_retry):
            click.echo(line, err=True)
    elif (follow_up := follow_up_command(integration, described, values, result.output)) is not None:
        click.echo(f"accepted, but not finished; to follow it: {follow_up}", err=True)
    if not result.success:
        raise click.exceptions.Exit(ExitCode.FAILURE)


def _print_output(action: str, described: ActionManifest, result: "Result") -> None:
    """Print the output.

    Raises:
        OutputError: It cannot be printed. The message adds what became of the call, which was made all the same.
    """
    try:
        click.echo(json_text(result.output))
    except OutputError as error:
        if result.error is not None:
            outcome = f"; {action} failed: {result.error.line}"
        elif described.hints.safe_to_retry:
            outcome = ""
        else:
            outcome = f"; {action} succeeded, so do not repeat it for the output"
        raise OutputError(f"{error}{outcome}") from None


def follow_up_command(
    integration: str, described: ActionManifest, values: Mapping[str, Any], output: Mapping[str, Any]
) -> str | None:
    """The command that follows what the output reports as accepted but not finished; None where there is no such.

    Args:
        integration: The integration that was called.
        described: The action that was called.
        values: Its input.
        output: Its output.
    """
    follow_up = described.follow_up
    if follow_up is None or (following := follow_up.input_for(values, output)) is None:
        return None
    return call_command(integration, follow_up.action, following)


def input_object(source: str | None) -> dict[str, Any]:
    """The object that `--input` stands for.

    Args:
        source: JSON; `@FILE` for a file of JSON; `@-` or `-` for standard input; None for no parameters.

    Raises:
        click.BadParameter: It cannot be read, or is not a JSON object; the message says where it is broken.
    """
    if source is None:
        return {}
    if source == "-" or source.startswith("@"):
        return parse_object(*read_source(source.removeprefix("@"), _INPUT), _INPUT)
    return parse_object(argument_text(source, _INPUT), "the text", _INPUT)


def with_parameters(values: Mapping[str, Any], assignments: Iterable[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Add the parameters that were given one by one; they override the object's.

    Args:
        values: From `--input`.
        assignments: Each `name=value`. The value is the text after `=`, or for `@FILE` the text of a file and for `@-`
            of standard input, each without the end of its last line; `@@` stands for a text that begins with `@`.
        schema: The action's input schema, which decides whether `5` is a number or text.

    Raises:
        click.BadParameter: One is not of this form, a name is given twice, or a value cannot be read.
    """
    given: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{assignment!r} is not of the form name=value", param_hint=_PARAMETER)
        if name in given:
            raise click.BadParameter(f"{name} is given twice", param_hint=_PARAMETER)
        given[name] = read_value(_given_text(name, text), schema.get("properties", {}).get(name, True), schema)
    return {**values, **given}


def _given_text(name: str, text: str) -> str:
    """The text that a `-p` gives: its own, or that of the file or of the standard input that it names."""
    if text.startswith("@@") or not text.startswith("@"):
        return argument_text(text[1:] if text.startswith("@@") else text, _PARAMETER)
    try:
        content, _ = read_source(text[1:], _PARAMETER)
    except click.BadParameter as error:
        hint = f"; for the text itself, write {name}=@{text}"
        raise click.BadParameter(f"{name}: {error.message}{hint}", param_hint=_PARAMETER) from None
    # An editor ends the last line, which the value does not need: an id in a file is an id.
    return content.removesuffix("\n").removesuffix("\r")


def _check_standard_input(source: str | None, assignments: Iterable[str]) -> None:
    """Refuse to read standard input twice: the second reader would find it empty."""
    readers = [_INPUT] if source in ("-", "@-") else []
    readers += [name for name, _, text in (assignment.partition("=") for assignment in assignments) if text == "@-"]
    if len(readers) > 1:
        raise click.UsageError(f"standard input can be read once, not for {' and '.join(readers)}")


def _describe(integration: Integration, name: str, registry: Registry) -> ActionManifest:
    """The action as data, derived from its code, which the call needs anyway."""
    try:
        with foreign_code():
            actions = integration.actions
            described = actions[name].describe() if name in actions else None
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(integration.name, "its actions", error))) from error
    if described is None:
        raise options.unknown_action(integration.name, name, actions, registry)
    return described


async def _call(
    runtime: "Runtime",
    integration: str,
    action: str,
    input: Mapping[str, Any],
    *,
    credential: dict[str, Any] | str | None,
    timeout: float | None,
) -> "Result":
    async with runtime, _progress_line(f"waiting for {action}") as listener:
        return await runtime.call(
            integration, action, input, credential=credential, timeout=timeout, on_progress=listener
        )


def _count(number: float) -> str:
    """A number with one decimal at the most."""
    return f"{round(number, 1):.15g}"


@asynccontextmanager
async def _progress_line(message: str) -> "AsyncIterator[ProgressListener]":
    """Keep a line on standard error up to date while a long call runs, if that is a terminal; erased at the end.

    Args:
        message: Shown until the call reports progress.

    Yields:
        The `on_progress` of `Runtime.call`.
    """
    import asyncio  # noqa: PLC0415 - as in `command`

    started = time.monotonic()

    def listen(progress: "Progress") -> None:
        nonlocal message
        message = progress.message
        # A message that has numbers of its own has said it all.
        if progress.done is not None and not re.search(r"\d", message):
            message += f" {_count(progress.done)}" + ("" if progress.total is None else f" of {_count(progress.total)}")

    async def show() -> None:
        await asyncio.sleep(_PATIENCE)
        # Imported here: rich takes 20 ms, which only a long call at a terminal pays.
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        def line() -> Text:
            return Text(f"{message} ({time.monotonic() - started:.0f} s)")

        with Live(get_renderable=line, console=Console(stderr=True), refresh_per_second=2, transient=True):
            await asyncio.Event().wait()

    display = asyncio.create_task(show()) if sys.stderr.isatty() else None
    try:
        yield listen
    finally:
        if display is not None:
            display.cancel()
            with suppress(asyncio.CancelledError):
                await display
