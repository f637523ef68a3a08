"""`call`: call an action and print its output."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli import exits, options
from modulex_mem0.cli.call_input import input_object, with_parameters
from modulex_mem0.cli.credential import given_credential
from modulex_mem0.cli.files import json_text
from modulex_mem0.cli.installed import find_integration, no_such_action
from modulex_mem0.cli.progress import showing_progress
from modulex_mem0.contract import Action, Integration
from modulex_mem0.runtime import BrokenIntegrationError, Result, Runtime, UnknownActionError

__all__ = ["command"]


@click.command()
@click.argument("action")
@click.option(
    "--input", "source", metavar="JSON|@FILE|-", help="The parameters: JSON, a file of it, or standard input."
)
@click.option(
    "-p",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="One parameter, safe_to_retry; wins over --input. JSON where the parameter wants more than text.",
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

    Standard output holds the output and nothing else; it satisfies the action's output schema on failure too. The
    credential is read from the environment variables that `modulex-mem0 auth` lists, or from a file.

    \b
    Examples:
      modulex-mem0 call search_memories -p user_id=alice -p query=food -p limit=5
      modulex-mem0 call add_memories --input @conversation.json
      echo '{"user_id": "alice"}' | modulex-mem0 call get_memories --input - | jq '.memories[].memory'

    Exits 0 when the output says success, 1 when it does not, 2 for a mistake in the command line: an unknown action, an
    unreadable file, input that is no JSON object.
    """  # noqa: D301 - the backspace is how click is told to keep lines as they are
    runtime = Runtime()
    found = find_integration(runtime.integrations, integration)
    declared = _action(found, action)
    schema = declared.describe().input_schema if assignments else {}
    values = with_parameters(input_object(source), assignments, schema)
    credential = given_credential(credential_file)
    try:
        result = asyncio.run(_call(runtime, integration, action, values, credential=credential, timeout=timeout))
    except KeyboardInterrupt:
        if not declared.hints.safe_to_retry:
            click.echo(f"\n{action} may have been carried out; look before calling it again", err=True)
        raise
    except BrokenIntegrationError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json_text(result.output))
    if not result.success:
        if result.error is not None:
            click.echo(result.error.code.advice, err=True)
        raise click.exceptions.Exit(exits.FAILED)


def _action(integration: Integration, name: str) -> Action[Any, Any]:
    try:
        actions = integration.actions
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(integration.name, "its actions", error))) from error
    if name not in actions:
        raise no_such_action(UnknownActionError(integration.name, name, actions))
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
    async with runtime, showing_progress(f"waiting for {action}") as listener:
        return await runtime.call(
            integration, action, input, credential=credential, timeout=timeout, on_progress=listener
        )
