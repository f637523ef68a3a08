"""`demo`: the whole story, offline and without an account."""

import asyncio
import secrets
import time

import click
from pydantic import SecretStr

from modulex_mem0.cli.app import requires_extra
from modulex_mem0.cli.demo import run_steps
from modulex_mem0.cli.demo_session import DemoError, DemoSession
from modulex_mem0.runtime import Runtime, RuntimeSettings

__all__ = ["command"]

# Long enough to see that an add is pending, short enough to wait for.
_DELAY = 1.0


@click.command()
def command() -> None:
    """Show the whole story, offline and without an account, in a few seconds.

    Starts the sandbox on a free port of this machine, with a random key, and does what a workflow platform does:
    discover the integration, show how to authenticate, list the actions, add a conversation, search and list the
    memories, and refuse invalid input. Inputs and outputs are the real ones, over real HTTP.

    Exits 0 only if every step did what it should; otherwise names the step and exits 1.
    """
    with requires_extra("sandbox", "the sandbox"):
        from modulex_mem0.sandbox import running_sandbox  # noqa: PLC0415 - an extra

    started = time.monotonic()
    key = f"m0-{secrets.token_hex(16)}"
    with running_sandbox(keys=(key,), delay=_DELAY, search_mode="auto") as sandbox:
        click.secho("Long-term memory through Mem0, offline and without an account", bold=True)
        click.echo(f"A sandbox that speaks Mem0's REST API serves at {sandbox.base_url} while this runs.")
        how = "by meaning, with a small encoder" if sandbox.search_mode == "semantic" else "by words"
        click.echo(f"It extracts memories by rules (there is no language model in it) and searches them {how}.")
        try:
            number = asyncio.run(_run_steps(sandbox.base_url, SecretStr(key)))
        except DemoError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"\nAll {number} steps did what they should, in {time.monotonic() - started:.1f} s.")
    click.echo("Next: `modulex-mem0 sandbox` to try calls of your own, `modulex-mem0 --help` for the rest.")


async def _run_steps(base_url: str, key: SecretStr) -> int:
    # The sandbox is on this machine, so the proxies of the environment are ignored.
    async with Runtime(RuntimeSettings(trust_env=False)) as runtime:
        return await run_steps(DemoSession(runtime=runtime, base_url=base_url, api_key=key))
