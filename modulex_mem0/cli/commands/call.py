"""`call`: call an action and print its output."""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.app import ExitCode
from modulex_mem0.cli.files import decode, parse_json, parse_object, read_credential, read_file
from modulex_mem0.cli.output import json_text
from modulex_mem0.contract import Action, Integration
from modulex_mem0.json_schema import json_types, type_of
from modulex_mem0.runtime import (
    BrokenIntegrationError,
    Progress,
    ProgressListener,
    Result,
    Runtime,
    UnknownActionError,
)

__all__ = ["command", "input_object", "with_parameters"]

_INPUT = "--input"
# A call that ends within this many seconds shows no progress.
_PATIENCE = 1.0


@click.command()
@click.argument("action")
@click.option(_INPUT, "source", metavar="JSON|@FILE|-", help="The parameters: JSON, a file of JSON, or standard input.")
@click.option(
    "-p",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="One parameter, overriding --input; JSON if the parameter takes more than text. May be given more than once.",
)
@options.timeout
@options.integration
@options.credential_file
def command(
    *,
    action: str,
    source: str | None,
    assignments: tuple[str, ...],
    timeout: float | None,
    integration: str,
    credential_file: Path | None,
) -> None:
    """Call an action and print its output as JSON.

    Standard output holds the output and nothing else; it satisfies the action's output schema, on failure too. The
    credential is read from the environment variables that `modulex-mem0 auth` lists, or from a file.

    \b
    Examples:
      modulex-mem0 call search_memories -p user_id=alice -p query=food -p limit=5
      modulex-mem0 call add_memories --input @conversation.json
      echo '{"user_id": "alice"}' | modulex-mem0 call get_memories --input - | jq '.memories[].memory'

    Exits 0 if the output says success, 1 if it does not, and 2 if the command line is wrong: an unknown action, an
    unreadable file, input that is not a JSON object.
    """  # noqa: D301 - a real backspace is click's mark for a paragraph that is not rewrapped
    runtime = Runtime()
    declared = _find_action(options.find_integration(runtime.integrations, integration), action)
    schema = declared.describe().input_schema if assignments else {}
    values = with_parameters(input_object(source), assignments, schema)
    credential = read_credential(credential_file)
    try:
        result = asyncio.run(_call(runtime, integration, action, values, credential=credential, timeout=timeout))
    except KeyboardInterrupt:
        if not declared.hints.safe_to_retry:
            click.echo(f"\n{action} may have taken effect; check before you call it again", err=True)
        raise
    except BrokenIntegrationError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json_text(result.output))
    if not result.success:
        if result.error is not None:
            click.echo(result.error.code.advice, err=True)
        raise click.exceptions.Exit(ExitCode.FAILURE)


def input_object(source: str | None) -> dict[str, Any]:
    """The object that `--input` stands for.

    Args:
        source: JSON; `@FILE` for a file of JSON; `-` for standard input; None for no parameters.

    Raises:
        click.BadParameter: It cannot be read, or is not a JSON object; the message says where it is broken.
    """
    if source is None:
        return {}
    if source == "-":
        return parse_object(decode(sys.stdin.buffer.read(), "standard input", _INPUT), "standard input", _INPUT)
    if source.startswith("@"):
        return parse_object(read_file(Path(source[1:]), _INPUT), source[1:], _INPUT)
    return parse_object(source, "the text", _INPUT)


def with_parameters(values: Mapping[str, Any], assignments: Iterable[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Add the parameters that were given one by one; they override the object's.

    Args:
        values: From `--input`.
        assignments: Each `name=value`.
        schema: The action's input schema, which decides whether `5` is a number or text.

    Raises:
        click.BadParameter: One is not of this form, or a name is given twice.
    """
    given: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{assignment!r} is not of the form name=value", param_hint="-p")
        if name in given:
            raise click.BadParameter(f"{name} is given twice", param_hint="-p")
        given[name] = _parse_value(text, schema.get("properties", {}).get(name, True), schema)
    return {**values, **given}


def _parse_value(text: str, schema: object, root: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value that the text spells, if the schema takes one of its type; otherwise the text."""
    try:
        value = parse_json(text)
    except (ValueError, RecursionError):
        return text
    types, kind = json_types(schema, root), type_of(value)
    if kind == "string":
        # Quotes around a text are the caller's, who may have meant them.
        return text
    return value if kind in types or (kind in ("integer", "number") and types & {"integer", "number"}) else text


def _find_action(integration: Integration, name: str) -> Action[Any, Any]:
    try:
        actions = integration.actions
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(integration.name, "its actions", error))) from error
    if name not in actions:
        raise options.unknown_action(UnknownActionError(integration.name, name, actions))
    return actions[name]


async def _call(
    runtime: Runtime,
    integration: str,
    action: str,
    input: Mapping[str, Any],
    *,
    credential: dict[str, Any] | None,
    timeout: float | None,
) -> Result:
    async with runtime, _progress_line(f"waiting for {action}") as listener:
        return await runtime.call(
            integration, action, input, credential=credential, timeout=timeout, on_progress=listener
        )


@asynccontextmanager
async def _progress_line(message: str) -> AsyncIterator[ProgressListener]:
    """Keep a line on standard error up to date while a long call runs, if that is a terminal; erased at the end.

    Args:
        message: Shown until the call reports progress.

    Yields:
        The `on_progress` of `Runtime.call`.
    """
    started = time.monotonic()

    def listen(progress: Progress) -> None:
        nonlocal message
        message = progress.message
        # A message that has numbers of its own has said it all.
        if progress.done is not None and not re.search(r"\d", message):
            message += f" {progress.done:g}" + ("" if progress.total is None else f" of {progress.total:g}")

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
