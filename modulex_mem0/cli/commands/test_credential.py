"""`test-credential`: ask the service whether a credential works."""

import asyncio
from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.app import ExitCode
from modulex_mem0.cli.files import read_credential
from modulex_mem0.cli.output import error_advice, json_text
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.runtime import Result, Runtime

__all__ = ["command"]


@click.command()
@options.credential_file
@options.timeout
@options.as_json
@options.named_integration
def command(*, integration: str, credential_file: Path | None, timeout: float | None, as_json: bool) -> None:
    """Ask the service whether a credential works.

    NAME is an installed integration; by default the one that comes with this command. Sends the harmless request that
    the integration declares for this. The credential is read from the environment
    variables that `modulex-mem0 auth` lists, or from a file, never from the command line.

    Exits 0 if the service accepts the credential; otherwise prints the reason and exits 1. If there is no credential,
    it also prints the lines that set one in a shell.
    """
    with foreign_code():
        runtime = Runtime()
    profile = options.find_integration(runtime.integrations, integration, hint="NAME").profile
    credential = read_credential(credential_file)
    with foreign_code():
        result = asyncio.run(_test(runtime, integration, credential, timeout))
    if as_json:
        click.echo(json_text(result.output))
    elif result.error is None:
        click.echo(f"ok: {profile.display_name} accepts the credential")
    else:
        for line in (result.error.line, *error_advice(result.error, profile)):
            click.echo(line, err=True)
    if not result.success:
        raise click.exceptions.Exit(ExitCode.FAILURE)


async def _test(runtime: Runtime, integration: str, credential: dict[str, Any] | None, timeout: float | None) -> Result:
    async with runtime:
        return await runtime.test_credential(integration, credential=credential, timeout=timeout)
