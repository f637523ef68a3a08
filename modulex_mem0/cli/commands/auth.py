"""`auth`: how to authenticate with an integration."""

from collections.abc import Iterator

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.output import export_lines, json_text, numbered, table, wrapped
from modulex_mem0.contract import AuthScheme, CredentialField, OAuth2Endpoints

__all__ = ["command"]


@click.command()
@options.as_json
@options.named_integration
def command(*, integration: str, as_json: bool) -> None:
    """Show how to authenticate with an integration.

    NAME is an installed integration; by default the one that comes with this command. Prints the set-up steps, each
    field of the credential with its environment variable, and lines to copy into a shell. Reads no credential.
    """
    profile = options.find_integration(options.discovered(), integration, hint="NAME").profile
    if as_json:
        schemes = [scheme.model_dump(mode="json") for scheme in profile.auth_schemes]
        click.echo(json_text({"integration": profile.name, "auth_schemes": schemes}))
    elif profile.auth_schemes:
        click.echo("\n\n\n".join("\n\n".join(_paragraphs(scheme)) for scheme in profile.auth_schemes))
    else:
        click.echo(f"{profile.display_name} needs no credential.")


def _paragraphs(scheme: AuthScheme) -> Iterator[str]:
    yield f"{scheme.display_name} ({scheme.type})\n{scheme.description}"
    if scheme.setup_steps:
        yield numbered(scheme.setup_steps)
    if scheme.fields:
        yield table(
            ("FIELD", "REQUIRED", "MASKED", "FORMAT", "ENVIRONMENT VARIABLE", "DESCRIPTION"),
            [_row(field) for field in scheme.fields],
        )
    if lines := [f"  {line}" for line in export_lines(scheme)]:
        yield "\n".join(["In a shell, with your own values:", *lines])
    if scheme.oauth2 is not None:
        yield "\n".join(_oauth2_lines(scheme.oauth2))
    if scheme.connection_test is not None:
        yield f"Test: {scheme.connection_test.description} (modulex-mem0 test-credential)"


def _row(field: CredentialField) -> tuple[str, ...]:
    required = "for OAuth" if field.application else "yes" if field.required else "no"
    default = "" if field.default is None else f" (default: {field.default})"
    return (
        field.name,
        required,
        "yes" if field.sensitive else "no",
        field.format or "",
        field.environment_variable,
        f"{field.display_name}: {field.description}{default}",
    )


def _oauth2_lines(oauth2: OAuth2Endpoints) -> Iterator[str]:
    yield f"OAuth 2 authorization code flow, {'with' if oauth2.pkce else 'without'} PKCE"
    yield f"  authorize: {oauth2.authorize_url}"
    yield f"  token:     {oauth2.token_url} (application in the {oauth2.token_auth_method})"
    if oauth2.scopes:
        yield wrapped(f"scopes: {', '.join(oauth2.scopes)}", "  ", hanging="    ")
