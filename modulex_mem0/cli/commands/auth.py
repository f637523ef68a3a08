"""`auth`: how to authenticate with an integration."""

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.authentication import scheme_text
from modulex_mem0.cli.files import json_text
from modulex_mem0.cli.installed import find_integration
from modulex_mem0.runtime import discover

__all__ = ["command"]


@click.command()
@options.integration
@options.as_json
def command(*, integration: str, as_json: bool) -> None:
    """Show how to authenticate with an integration.

    Shows the set-up steps and the fields of the credential. Never shows a value, and reads none.
    """
    profile = find_integration(discover(), integration).profile
    if as_json:
        schemes = [scheme.model_dump(mode="json") for scheme in profile.auth_schemes]
        click.echo(json_text({"integration": profile.name, "auth_schemes": schemes}))
    elif profile.auth_schemes:
        click.echo("\n\n\n".join(scheme_text(scheme) for scheme in profile.auth_schemes))
    else:
        click.echo(f"{profile.display_name} needs no credential.")
