"""The options that several commands share, and the installed integration that one of them names."""

import re
from collections.abc import Callable, Iterable
from functools import wraps
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli import completion
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.contract import ENTRY_POINT_GROUP, Integration, IntegrationManifest
from modulex_mem0.runtime import (
    BrokenIntegrationError,
    Registry,
    UnknownActionError,
    UnknownIntegrationError,
    discover,
)

__all__ = [
    "allowed_hosts",
    "as_json",
    "credential_file",
    "credential_name",
    "default_integration",
    "discovered",
    "find_integration",
    "integration",
    "integration_name",
    "manifest_of",
    "named_integration",
    "own_integration",
    "timeout",
    "unknown_action",
]

_DISTRIBUTION = "modulex-mem0"
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s/:@?#\[\]]+)(:\d+)?")


def own_integration() -> str | None:
    """The name of the integration that comes with this command; None if its distribution is not installed.

    Read from the distribution's metadata in 1 ms. Discovery would take 7 ms, and import every plugin.
    """
    try:
        return min(distribution(_DISTRIBUTION).entry_points.select(group=ENTRY_POINT_GROUP).names, default=None)
    except PackageNotFoundError:
        return None


def default_integration() -> str:
    """The name of the integration that a command is about when none is given.

    Raises:
        click.UsageError: None comes with this command.
    """
    name = own_integration()
    if name is None:
        raise click.UsageError("no integration comes with this command; give the name of an installed one")
    return name


integration = click.option(
    "--integration",
    default=default_integration,
    metavar="NAME",
    shell_complete=completion.integrations,
    help="An installed integration; by default the one that comes with this command.",
)
integration_name = click.argument("name", required=False, shell_complete=completion.integrations)
#: Beside `integration_name`, for those who know it from `actions` and `call`; `named_integration` reads both.
_integration_as_option = click.option(
    "--integration",
    metavar="NAME",
    hidden=True,
    help="The same as NAME.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs, instead of text.")
credential_file = click.option(
    "--credential-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A JSON object of credential fields, used instead of the environment variables.",
)
credential_name = click.option(
    "--credential",
    "credential_name",
    metavar="NAME",
    help="A stored credential, see `modulex-mem0 credentials`, used instead of the environment variables.",
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Deadline for the whole call, retries included; 30 by default.",
)


def allowed_hosts(help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option for further names of a server: as they stand in a Host header, in lower case."""
    return click.option(
        "--allowed-host", "allowed_hosts", multiple=True, metavar="NAME", callback=_host_names, help=help
    )


def _host_names(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    names = []
    for text in given:
        name = text.strip().lower()
        name = f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name
        if not _HOST.fullmatch(name):
            # It would never be what a client calls the server by.
            raise click.BadParameter(f"{text!r} is not the name of a host, such as memory.example")
        names.append(name)
    return tuple(names)


def named_integration(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take the name of an integration, as NAME or as `--integration`, in its parameter `integration`."""

    @integration_name
    @_integration_as_option
    @wraps(command)
    def with_name(*, name: str | None, integration: str | None, **rest: Any) -> None:  # noqa: ANN401 - as declared
        if name and integration and name != integration:
            raise click.UsageError("give NAME or --integration, not both")
        command(integration=name or integration or default_integration(), **rest)

    return with_name


def discovered() -> Registry:
    """What is installed. What plugins print while they are imported goes to standard error."""
    with foreign_code():
        return discover()


def find_integration(registry: Registry, name: str, *, hint: str = "--integration") -> Integration:
    """The integration of that name.

    Args:
        registry: The installed integrations.
        name: As it was given.
        hint: The option or argument that gave it, for the message.

    Raises:
        click.BadParameter: No integration of that name is installed; the message suggests the nearest name.
        click.ClickException: It is installed, but failed to load.
    """
    if name in registry:
        try:
            with foreign_code():
                return registry[name]
        except UnknownIntegrationError as failure:
            # A lazy integration, loaded by this lookup, turned out to be broken.
            raise click.ClickException(str(failure)) from failure
    reason = next((failure.reason for failure in registry.failures if failure.name == name), None)
    error = UnknownIntegrationError(name, registry, reason)
    if reason:
        raise click.ClickException(str(error))
    raise click.BadParameter(str(error), param_hint=hint)


def manifest_of(integration: Integration) -> IntegrationManifest:
    """The integration's manifest, recorded or derived.

    Raises:
        click.ClickException: The integration's own code fails to produce it.
    """
    try:
        with foreign_code():
            return integration.manifest
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(integration.name, "the manifest", error))) from error


def unknown_action(integration: str, name: str, actions: Iterable[str], registry: Registry) -> click.BadParameter:
    """The usage error for an unknown action; the message suggests the nearest name, or the option that was left out."""
    if name in registry:
        problem = f"{name} is an integration; name it with --integration {name}"
    else:
        problem = str(UnknownActionError(integration, name, actions))
    return click.BadParameter(problem, param_hint="ACTION")
