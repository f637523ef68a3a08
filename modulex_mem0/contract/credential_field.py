"""One value of a credential, as a form asks for it."""

from typing import Literal

from pydantic import Field

from modulex_mem0.contract.declared import Declared

__all__ = ["CredentialField"]


class CredentialField(Declared):
    """One input of the credentials form."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The key of the field in a credential mapping.")
    display_name: str = Field(min_length=1, description="The label on the form.")
    description: str = Field(min_length=1, description="What to enter, for people.")
    environment_variable: str = Field(
        pattern=r"^[A-Z][A-Z0-9_]*$", description="Read when a call is given no credential."
    )
    required: bool = Field(default=True, description="Whether a call fails without it.")
    sensitive: bool = Field(default=False, description="Masked on forms and never shown.")
    advanced: bool = Field(default=False, description="Hidden from a simple form.")
    application: bool = Field(
        default=False,
        description="Identifies the OAuth 2 application to the host that obtains the token; no call needs it.",
    )
    kind: Literal["text", "url"] = Field(
        default="text",
        description="`url` is checked: https, or http on a loopback address; no user, query or fragment.",
    )
    format: str | None = Field(default=None, description="A sample of what the value looks like.")
    default: str | None = Field(default=None, description="Used when the field is left out.")
    help_url: str | None = Field(default=None, pattern=r"^https://", description="Where the value is explained.")
