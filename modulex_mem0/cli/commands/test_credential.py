"""`test-credential`: ask the service whether a credential works."""

import asyncio
from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli import exits, options
from modulex_mem0.cli.credential import given_credential
from modulex_mem0.cli.files import json_text
from modulex_mem0.cli.installed import find_integration
from modulex_mem0.runtime import Result, Runtime

__all__ = ["command"]


@click.command()
@options.integration
@options.credential_file
@options.timeout
@options.as_json
def command(*, integration: str, credential_file: Path | None, timeout: float | None, as_json: bool) -> None:
    """Ask the service whether a credential works.

    Sends the harmless request that the integration declares. The credential is read from the environment variables that
    `modulex-mem0 auth` lists, or from a file; never from the command line.

    Exits 0 when the service accepts the credential, and 1 with the reason when it does not.
    """
    runtime = Runtime()
    profile = find_integration(runtime.integrations, integration).profile
    credential = given_credential(credential_file)
    result = asyncio.run(_test(runtime, integration, credential, timeout))
    if as_json:
        click.echo(json_text(result.output))
    elif result.error is None:
        click.echo(f"ok: {profile.display_name} accepts the credential")
    else:
        click.echo(f"{result.error.line}\n{result.error.code.advice}", err=True)
    if not result.success:
        raise click.exceptions.Exit(exits.FAILED)


async def _test(runtime: Runtime, integration: str, credential: dict[str, Any] | None, timeout: float | None) -> Result:
    async with runtime:
        return await runtime.test_credential(integration, credential=credential, timeout=timeout)
