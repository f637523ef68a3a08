"""The options that several commands share, and the installed integration that one of them names."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import click

from modulex_mem0.contract import ENTRY_POINT_GROUP, Integration, IntegrationManifest
from modulex_mem0.runtime import BrokenIntegrationError, Registry, UnknownActionError, UnknownIntegrationError

__all__ = [
    "as_json",
    "credential_file",
    "default_integration",
    "find_integration",
    "integration",
    "manifest_of",
    "own_integration",
    "timeout",
    "unknown_action",
]

_DISTRIBUTION = "modulex-mem0"


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
    help="An installed integration; by default the one that comes with this command.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs, instead of text.")
credential_file = click.option(
    "--credential-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A JSON object of credential fields, used instead of the environment variables.",
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Deadline for the whole call, retries included; 30 by default.",
)


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
        return integration.manifest
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(integration.name, "the manifest", error))) from error


def unknown_action(error: UnknownActionError) -> click.BadParameter:
    """The usage error for an unknown action; the message suggests the nearest name."""
    return click.BadParameter(str(error), param_hint="ACTION")
