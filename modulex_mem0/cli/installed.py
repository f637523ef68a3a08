"""What is installed, and what a command says when the one that it was asked for is not."""

import click

from modulex_mem0.contract import Integration, IntegrationManifest
from modulex_mem0.runtime import BrokenIntegrationError, Registry, UnknownActionError, UnknownIntegrationError

__all__ = ["find_integration", "manifest_of", "no_such_action"]


def find_integration(registry: Registry, name: str, *, hint: str = "--integration") -> Integration:
    """The integration of that name.

    Args:
        registry: What was discovered.
        name: As it was given.
        hint: Where it was given, for the message.

    Raises:
        click.BadParameter: Nothing of that name is installed; the message names the nearest that is.
        click.ClickException: It is installed and failed to load.
    """
    if name in registry:
        try:
            return registry[name]
        except UnknownIntegrationError as failure:
            # One that is loaded when it is first asked for, and could not be.
            raise click.ClickException(str(failure)) from failure
    reason = next((failure.reason for failure in registry.failures if failure.name == name), None)
    error = UnknownIntegrationError(name, registry, reason)
    if reason:
        raise click.ClickException(str(error))
    raise click.BadParameter(str(error), param_hint=hint)


def manifest_of(integration: Integration) -> IntegrationManifest:
    """The integration as data.

    Raises:
        click.ClickException: Its own code cannot give it.
    """
    try:
        return integration.manifest
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(integration.name, "the manifest", error))) from error


def no_such_action(error: UnknownActionError) -> click.BadParameter:
    """The usage mistake for an unknown action; the message names the nearest that exists."""
    return click.BadParameter(str(error), param_hint="ACTION")
