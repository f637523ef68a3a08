"""How to authenticate, as an integration's page tells it."""

from collections.abc import Iterator

from modulex_mem0.conformance.page.markdown import cell, prose, table
from modulex_mem0.contract import AuthScheme

__all__ = ["authentication_section", "scheme_word"]

_WORDS = {
    "api_key": "API Key",
    "basic": "Basic",
    "bearer_token": "Bearer Token",
    "custom": "Custom",
    "none": "None",
    "oauth2": "OAuth2",
    "platform_key": "Platform Key",
}


def scheme_word(scheme: AuthScheme) -> str:
    """What a catalogue calls a kind of authentication."""
    return _WORDS.get(scheme.type, scheme.type)


def authentication_section(schemes: tuple[AuthScheme, ...]) -> Iterator[str]:
    """The blocks of the section."""
    yield "## Authentication"
    if not schemes:
        yield "None is needed."
    for scheme in schemes:
        yield f"### {prose(scheme.display_name)}"
        yield prose(scheme.description)
        if scheme.setup_steps:
            yield "\n\n".join(
                f"{number}. **Step {number}**\n\n    {prose(step)}" for number, step in enumerate(scheme.setup_steps, 1)
            )
        if scheme.fields:
            yield from _fields(scheme)
        if scheme.oauth2 is not None and scheme.oauth2.scopes:
            yield f"Asks the user for: {', '.join(f'`{scope}`' for scope in scheme.oauth2.scopes)}."
        if scheme.connection_test is not None:
            yield f"Connection test: {prose(scheme.connection_test.description)}"


def _fields(scheme: AuthScheme) -> Iterator[str]:
    yield "#### Required Credentials"
    yield table(
        ("Field", "Description", "Required", "Format"),
        [
            (cell(f.display_name), cell(f.description), "Yes" if f.required else "No", cell(f.format or "-"))
            for f in scheme.fields
        ],
    )
    variables = ", ".join(f"`{field.environment_variable}`" for field in scheme.fields if not field.application)
    yield f"A call without a credential reads these environment variables: {variables}."
