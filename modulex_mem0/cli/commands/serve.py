"""`serve`: a page, a REST API and MCP on one address."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.app import requires_extra
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.runtime import CredentialStoreError, Runtime

if TYPE_CHECKING:
    from modulex_mem0.server import TemporaryCredential

__all__ = ["command"]

_TOKEN_VARIABLE = "MODULEX_TOKEN"  # noqa: S105 - the name of a variable


@click.command()
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Address to listen on; by default this machine's.")
@click.option("--port", type=click.IntRange(0, 65535), default=8650, show_default=True, help="0 takes a free one.")
@click.option("--sandbox", "with_sandbox", is_flag=True, help="Start a sandbox too, and use it for calls to Mem0.")
@options.allowed_hosts("Another name of this server; repeatable.")
@click.option("--record-inputs", is_flag=True, help="Keep the inputs of calls in the record of runs.")
@options.integration
def command(
    *,
    host: str,
    port: int,
    with_sandbox: bool,
    allowed_hosts: tuple[str, ...],
    record_inputs: bool,
    integration: str,
) -> None:
    """Serve a page, a REST API and MCP on one address.

    The page lists what is installed, tests and stores credentials, and runs actions from forms. The API is described at
    /openapi.json; POST /mcp serves the integration of --integration to agents. All of it needs a token: MODULEX_TOKEN,
    or one that is made now and printed once.

    \b
    Examples:
      modulex-mem0 serve --sandbox
      MODULEX_TOKEN=... modulex-mem0 serve --host 0.0.0.0 --allowed-host memory.example

    Exits 0 on SIGINT or SIGTERM, 1 if it cannot start, and 2 for an error in the command line, such as an integration
    that is not installed.
    """  # noqa: D301 - a real backspace is click's mark for a paragraph that is not rewrapped
    with requires_extra("serve", "the server"):
        from modulex_mem0.server import PortError, ServerSettings, serve  # noqa: PLC0415 - an extra

    with foreign_code():
        runtime = Runtime()
    options.find_integration(runtime.integrations, integration)
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    chosen = os.environ.get(_TOKEN_VARIABLE)
    token = chosen.strip() if chosen is not None else secrets.token_urlsafe(32)
    with _sandbox() if with_sandbox else _nothing() as temporary:
        try:
            settings = ServerSettings(
                host=host,
                port=port,
                integration=integration,
                # The port of a name is not looked at.
                allowed_hosts=tuple(urlsplit(f"//{name}").hostname or "" for name in allowed_hosts),
                record_inputs=record_inputs,
                temporary=temporary,
                token=token,
            )
        except ValueError as error:
            problem = f"{error}: see {_TOKEN_VARIABLE}" if "token" in str(error) else str(error)
            raise click.UsageError(problem) from None
        except CredentialStoreError as error:
            raise click.ClickException(str(error)) from None

        def announce(url: str) -> None:
            link = f"{url}/?token={token}" if chosen is None else f"{url}/ (asks for {_TOKEN_VARIABLE})"
            lines = [f"page     {link}", f"API      {url}/openapi.json", f"MCP      {url}/mcp"]
            if chosen is None:
                lines.append(f"token    {token} (of this run; set {_TOKEN_VARIABLE} to choose one)")
            if temporary is not None:
                key, address = temporary.values["api_key"], temporary.values["base_url"]
                lines.append(f"sandbox  {address} with the key {key}, as the credential `{temporary.name}`")
            click.echo("\n".join([*lines, "Ctrl+C stops it."]), err=True)

        try:
            # What a plugin prints goes to standard error, as in every command.
            with foreign_code():
                serve(settings, announce=announce, runtime=runtime)
        except PortError as error:
            raise click.ClickException(f"cannot serve at {host}:{port}: {error.strerror or error}") from None


@contextmanager
def _sandbox() -> "Iterator[TemporaryCredential]":
    """A sandbox for the time of the block, as a credential that is not stored."""
    with requires_extra("sandbox", "the sandbox"):
        from modulex_mem0.sandbox import running_sandbox  # noqa: PLC0415 - an extra
    from modulex_mem0.server import TemporaryCredential  # noqa: PLC0415 - an extra

    with running_sandbox(search_mode="auto") as sandbox:
        values = {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
        yield TemporaryCredential("sandbox", "mem0", values)


@contextmanager
def _nothing() -> Iterator[None]:
    yield None
