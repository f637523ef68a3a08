"""`mcp`: serve an integration's actions to agents over MCP."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.installed import find_integration
from modulex_mem0.contract import Profile
from modulex_mem0.hosts.offer import Offer
from modulex_mem0.hosts.selection import NotOfferedError
from modulex_mem0.runtime import BrokenIntegrationError, Runtime, UnknownActionError

if TYPE_CHECKING:
    from modulex_mem0.hosts.mcp import Address, HeaderCredential

__all__ = ["command"]


@click.command()
@options.integration
@click.option("--actions", "names", metavar="NAME,…", help="Offer only these actions.")
@click.option("--read-only", is_flag=True, help="Offer only actions that change nothing.")
@click.option(
    "--user-id",
    metavar="ID",
    help="Fix the user: agents neither see nor choose it, and actions that reach beyond one user are left out.",
)
@click.option("--http", "http", metavar="HOST:PORT", help="Serve over streamable HTTP instead of standard input.")
@click.option(
    "--credential-header",
    "header_specs",
    multiple=True,
    metavar="FIELD=HEADER",
    help="With --http: take this credential field from this header of each request; safe_to_retry.",
)
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="HOST",
    help="With --http: a further name that clients reach the server by; safe_to_retry.",
)
@click.option(
    "--allow-non-loopback",
    is_flag=True,
    help="With --http: listen where other machines can connect. Whoever connects may call every tool, without"
    " --credential-header with this server's own credential.",
)
def command(
    *,
    integration: str,
    names: str | None,
    read_only: bool,
    user_id: str | None,
    http: str | None,
    header_specs: tuple[str, ...],
    allowed_hosts: tuple[str, ...],
    allow_non_loopback: bool,
) -> None:
    """Serve an integration's actions to agents over MCP.

    MCP clients start this command themselves and talk to it over standard input and output. The credential is read
    from the environment variables that `modulex-mem0 auth` lists, or with --credential-header from each HTTP request;
    never from a tool's arguments.

    \b
    Examples:
      modulex-mem0 mcp --user-id alice
      modulex-mem0 mcp --read-only --actions search_memories,get_memories
      modulex-mem0 mcp --http 127.0.0.1:8000 --credential-header api_key=X-Mem0-Key

    Exits 0 when standard input ends or, with --http, when it is told to stop; 1 when it cannot serve; 2 for a mistake
    in the command line, such as an action that does not exist.
    """  # noqa: D301 - click's mark for lines that stay as they are is a real backspace
    if http is None and (header_specs or allowed_hosts or allow_non_loopback):
        raise click.UsageError("--credential-header, --allowed-host and --allow-non-loopback need --http")
    with _needing_mcp_extra():
        from modulex_mem0.hosts import mcp  # noqa: PLC0415 - an extra

    address = _address(http, allow_non_loopback=allow_non_loopback) if http is not None else None
    # Standard output belongs to the protocol, and the code of an integration may print while it is loaded.
    with redirect_stdout(sys.stderr):
        runtime = Runtime()
        profile = find_integration(runtime.integrations, integration).profile
        offer = _offer(runtime, integration, names, read_only=read_only, user_id=user_id)
    credential = _header_credential(profile, header_specs) if header_specs else None
    server = mcp.build_server(offer, credential)

    async def serve() -> None:
        async with runtime:
            if address is None:
                await mcp.serve_stdio(server)
            else:
                await mcp.serve_http(server, address, allowed_hosts=allowed_hosts, announce=_announce)

    try:
        asyncio.run(serve())
    except OSError as error:
        raise click.ClickException(f"cannot serve at {http or 'standard output'}: {error.strerror or error}") from None


@contextmanager
def _needing_mcp_extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("modulex_mem0"):
            raise
        raise click.ClickException(
            f"the MCP server needs {error.name}; install it with: pip install 'modulex-mem0[mcp]'"
        ) from None


def _address(text: str, *, allow_non_loopback: bool) -> "Address":
    from modulex_mem0.hosts.mcp import Address  # noqa: PLC0415 - an extra

    try:
        address = Address.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--http") from None
    if not address.is_loopback and not allow_non_loopback:
        raise click.BadParameter(
            f"{address.host} can be reached from other machines; give --allow-non-loopback if that is meant",
            param_hint="--http",
        )
    return address


def _header_credential(profile: Profile, specs: tuple[str, ...]) -> "HeaderCredential":
    from modulex_mem0.hosts.mcp import HeaderCredential  # noqa: PLC0415 - an extra

    hint = "--credential-header"
    headers: dict[str, str] = {}
    for spec in specs:
        field, equals, header = spec.partition("=")
        if not equals:
            raise click.BadParameter(f"{spec!r} is not of the form FIELD=HEADER", param_hint=hint)
        if field in headers:
            raise click.BadParameter(f"{field} is given twice", param_hint=hint)
        headers[field] = header
    try:
        return HeaderCredential(profile, headers)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=hint) from None


def _offer(runtime: Runtime, integration: str, names: str | None, *, read_only: bool, user_id: str | None) -> Offer:
    actions = None if names is None else [name.strip() for name in names.split(",") if name.strip()]
    try:
        offer = Offer(runtime, integration, actions=actions, read_only=read_only, user_id=user_id)
    except UnknownActionError as error:
        raise click.BadParameter(str(error), param_hint="--actions") from None
    except NotOfferedError as error:
        raise click.UsageError(str(error)) from None
    except BrokenIntegrationError as error:
        raise click.ClickException(str(error)) from error
    if not offer:
        raise click.UsageError(f"nothing is left to offer of {integration}")
    return offer


def _announce(url: str) -> None:
    click.echo(f"MCP server at {url}", err=True)
