"""An authentication scheme as people read it: what it is, the steps, and the fields of the form. Never a value."""

from collections.abc import Iterator
from textwrap import fill

from modulex_mem0.cli.output import table, text_width
from modulex_mem0.contract import AuthScheme, CredentialField, OAuth2Endpoints

__all__ = ["field_table", "scheme_text", "steps"]


def scheme_text(scheme: AuthScheme) -> str:
    """The whole scheme, in paragraphs."""
    return "\n\n".join(_paragraphs(scheme))


def steps(scheme: AuthScheme) -> str:
    """The numbered set-up steps, a line each."""
    return "\n".join(
        fill(step, text_width(), initial_indent=f"  {number}. ", subsequent_indent="     ")
        for number, step in enumerate(scheme.setup_steps, 1)
    )


def field_table(scheme: AuthScheme) -> str:
    """The credential fields: how to name, mask and supply each."""
    return table(
        ("FIELD", "REQUIRED", "MASKED", "FORMAT", "ENVIRONMENT VARIABLE", "DESCRIPTION"),
        [
            (
                field.name,
                _required(field),
                "yes" if field.sensitive else "no",
                field.format or "",
                field.environment_variable,
                _meaning(field),
            )
            for field in scheme.fields
        ],
    )


def _paragraphs(scheme: AuthScheme) -> Iterator[str]:
    yield f"{scheme.display_name} ({scheme.type})\n{scheme.description}"
    if scheme.setup_steps:
        yield steps(scheme)
    if scheme.fields:
        yield field_table(scheme)
    if scheme.oauth2 is not None:
        yield "\n".join(_flow(scheme.oauth2))
    if scheme.connection_test is not None:
        yield f"Test: {scheme.connection_test.description} (modulex-mem0 test-credential)"


def _flow(oauth2: OAuth2Endpoints) -> Iterator[str]:
    yield f"OAuth 2 authorization code flow, {'with' if oauth2.pkce else 'without'} PKCE"
    yield f"  authorize: {oauth2.authorize_url}"
    yield f"  token:     {oauth2.token_url} (application in the {oauth2.token_auth_method})"
    if oauth2.scopes:
        yield fill(f"scopes: {', '.join(oauth2.scopes)}", text_width(), initial_indent="  ", subsequent_indent="    ")


def _meaning(field: CredentialField) -> str:
    default = "" if field.default is None else f" (default: {field.default})"
    return f"{field.display_name}: {field.description}{default}"


def _required(field: CredentialField) -> str:
    if field.application:
        return "for OAuth"
    return "yes" if field.required else "no"
