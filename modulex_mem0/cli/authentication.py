"""An authentication scheme as people read it: what it is, the steps, and the fields of the form. Never a value."""

from collections.abc import Iterator
from textwrap import fill

from modulex_mem0.cli.table import table, text_width
from modulex_mem0.contract import AuthScheme, CredentialField

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
                "yes" if field.required else "no",
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
    if scheme.connection_test is not None:
        yield f"Test: {scheme.connection_test.description} (modulex-mem0 test-credential)"


def _meaning(field: CredentialField) -> str:
    default = "" if field.default is None else f" (default: {field.default})"
    return f"{field.display_name}: {field.description}{default}"
