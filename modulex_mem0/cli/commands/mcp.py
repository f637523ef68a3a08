"""`mcp`: serve an integration's actions to agents over MCP."""

import asyncio
import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.options import find_integration, manifest_of
from modulex_mem0.contract import IntegrationManifest, Profile
from modulex_mem0.hosts import NotOfferedError, ToolSet
from modulex_mem0.json_schema import read_value
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
    help="Fix the user: agents cannot choose it, and actions that reach beyond one user are left out. Short"
    " for --fix with the parameter that the integration declares as the owner.",
)
@click.option(
    "--fix",
    "fixes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Fix a parameter: agents neither see nor choose it, and actions that do not take it are left out; repeatable.",
)
@click.option(
    "--simple",
    is_flag=True,
    help="Hide advanced parameters and output schemas, so that the list of tools is short.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Give schemas in the form that OpenAI's strict mode takes: every parameter required, optional ones nullable.",
)
@click.option("--http", "http", metavar="HOST:PORT", help="Serve over streamable HTTP instead of standard input.")
@click.option(
    "--credential-header",
    "header_specs",
    multiple=True,
    metavar="FIELD=HEADER",
    help="With --http: take this credential field from this header of each request; repeatable.",
)
@options.allowed_hosts("With --http: another name that clients reach the server by; repeatable.")
@click.option(
    "--allow-non-loopback",
    is_flag=True,
    help="With --http: accept connections from other machines. Anyone who can connect may call every tool, and without"
    " --credential-header with this server's own credential.",
)
def command(
    *,
    integration: str,
    names: str | None,
    read_only: bool,
    user_id: str | None,
    fixes: tuple[str, ...],
    simple: bool,
    strict: bool,
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
      modulex-mem0 mcp --user-id alice --fix agent_id=planner
      modulex-mem0 mcp --user-id alice --simple
      modulex-mem0 mcp --read-only --actions search_memories,get_memories
      modulex-mem0 mcp --http 127.0.0.1:8000 --credential-header api_key=X-Mem0-Key

    Exits 0 when standard input ends or, with --http, on SIGINT or SIGTERM; 1 when it cannot serve; 2 for an error in
    the command line, such as an action that does not exist.
    """  # noqa: D301 - click's mark for lines that stay as they are is a real backspace
    if http is None and (header_specs or allowed_hosts or allow_non_loopback):
        raise click.UsageError("--credential-header, --allowed-host and --allow-non-loopback need --http")
    with _mcp_extra():
        from modulex_mem0.hosts import mcp  # noqa: PLC0415 - an extra

    address = _address(http, allow_non_loopback=allow_non_loopback) if http is not None else None
    # Standard output belongs to the protocol, and an integration may print while it is loaded.
    with redirect_stdout(sys.stderr):
        runtime = Runtime()
        manifest = manifest_of(find_integration(runtime.integrations, integration))
        texts = _assignments(fixes, "NAME=VALUE", "--fix")
        fixed = {name: _fixed_value(manifest, name, text) for name, text in texts.items()}
        tools = _tool_set(
            runtime,
            integration,
            names,
            read_only=read_only,
            fixed=fixed,
            owner=user_id,
            simple=simple,
            strict=strict,
        )
    credential = _header_credential(manifest, header_specs) if header_specs else None
    server = mcp.build_server(tools, credential)

    async def serve() -> None:
        async with runtime:
            if address is None:
                await mcp.serve_stdio(server)
            else:
                await mcp.serve_http(server, address, allowed_hosts=allowed_hosts, announce=_announce)

    try:
        asyncio.run(serve())
    except OSError as error:
        if address is not None and error.errno == errno.EADDRINUSE:
            raise click.ClickException(
                f"port {address.port} of {address.host} is taken; choose another, or 0 for a free one"
            ) from None
        raise click.ClickException(f"cannot serve at {http or 'standard output'}: {error.strerror or error}") from None


@contextmanager
def _mcp_extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("modulex_mem0"):
            raise
        raise click.ClickException(
            f"the MCP server needs {error.name}; install it with: pip install 'modulex-mem0[mcp]'"
        ) from None
    except ImportError as error:
        if error.name != "mcp":
            raise
        # Langflow brings it.
        raise click.ClickException(
            "the MCP server needs mcp 2, and an older one is installed, such as Langflow needs; install it in another"
            " environment with: pip install 'modulex-mem0[mcp]'"
        ) from None


def _address(text: str, *, allow_non_loopback: bool) -> "Address":
    from modulex_mem0.hosts.mcp import Address  # noqa: PLC0415 - an extra

    try:
        address = Address.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--http") from None
    if not address.is_loopback and not allow_non_loopback:
        raise click.BadParameter(
            f"{address.host} can be reached from other machines; give --allow-non-loopback to allow that",
            param_hint="--http",
        )
    return address


def _header_credential(profile: Profile, specs: tuple[str, ...]) -> "HeaderCredential":
    from modulex_mem0.hosts.mcp import HeaderCredential  # noqa: PLC0415 - an extra

    hint = "--credential-header"
    headers = _assignments(specs, "FIELD=HEADER", hint)
    try:
        return HeaderCredential(profile, headers)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=hint) from None


def _assignments(specs: tuple[str, ...], form: str, hint: str) -> dict[str, str]:
    """Options of the form NAME=VALUE, by name."""
    assigned: dict[str, str] = {}
    for spec in specs:
        name, equals, value = spec.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{spec!r} is not of the form {form}", param_hint=hint)
        if name in assigned:
            raise click.BadParameter(f"{name} is given twice", param_hint=hint)
        assigned[name] = value
    return assigned


def _fixed_value(manifest: IntegrationManifest, name: str, text: str) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value that the text spells, where an action takes one of its type; otherwise the text."""
    for action in manifest.actions:
        parameters = action.input_schema.get("properties", {})
        value = read_value(text, parameters[name], action.input_schema) if name in parameters else text
        if value is not text:
            return value
    return text


def _tool_set(
    runtime: Runtime,
    integration: str,
    names: str | None,
    **limits: Any,  # noqa: ANN401 - those of `ToolSet`
) -> ToolSet:
    actions = None if names is None else [name.strip() for name in names.split(",") if name.strip()]
    try:
        tools = ToolSet(runtime, integration, actions=actions, **limits)
    except UnknownActionError as error:
        raise click.BadParameter(str(error), param_hint="--actions") from None
    except NotOfferedError as error:
        raise click.UsageError(str(error)) from None
    except BrokenIntegrationError as error:
        raise click.ClickException(str(error)) from error
    if not tools:
        raise click.UsageError(f"no action of {integration} is left to offer")
    return tools


def _announce(url: str) -> None:
    click.echo(f"MCP server at {url}", err=True)
