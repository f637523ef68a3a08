"""How a caller authenticates with an integration's service: schemes, credential fields, the connection test."""

import re
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from modulex_mem0.contract.declared import Declared

__all__ = ["AuthScheme", "ConnectionTest", "CredentialField"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


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
    kind: Literal["text", "url"] = Field(
        default="text",
        description="`url` is checked: https, or http on a loopback address; no user, query or fragment.",
    )
    format: str | None = Field(default=None, description="A sample of what the value looks like.")
    default: str | None = Field(default=None, description="Used when the field is left out.")
    help_url: str | None = Field(default=None, pattern=r"^https://", description="Where the value is explained.")


class ConnectionTest(Declared):
    """A harmless request that succeeds only with a working credential."""

    method: Literal["GET", "POST"] = "GET"
    path: str = Field(pattern=r"^/", description="Appended to the scheme's base URL.")
    body: dict[str, Any] | None = Field(default=None, description="Sent as JSON.")
    success_status: int = Field(default=200, description="The status of the reply to a good credential.")
    success_fields: dict[str, Any] = Field(
        default_factory=dict, description="Fields that the JSON reply must carry with exactly these values."
    )
    description: str = Field(min_length=1, description="What the test does, for people.")


class AuthScheme(Declared):
    """One way to authenticate.

    The runtime fills `{field}` in `base_url` and `headers` from the credential, so that a handler sees neither.
    """

    type: Literal["api_key", "bearer_token", "basic", "oauth2", "custom"]
    display_name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    setup_steps: tuple[str, ...] = Field(default=(), description="What to do, in order, to obtain the credential.")
    fields: tuple[CredentialField, ...] = ()
    base_url: str = Field(min_length=1, description="Where requests go; a template such as `{base_url}`.")
    headers: dict[str, str] = Field(
        default_factory=dict, description="Sent with every request; templates such as `Token {api_key}`."
    )
    connection_test: ConnectionTest | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError("two credential fields share a name")
        return self

    @model_validator(mode="after")
    def _templates_can_be_filled(self) -> Self:
        fields = {field.name: field for field in self.fields}
        for template in (self.base_url, *self.headers.values()):
            unknown = [name for name in _PLACEHOLDER.findall(template) if name not in fields]
            if unknown:
                raise ValueError(f"the template {template!r} names {unknown[0]!r}, which is no credential field")
        for name in _PLACEHOLDER.findall(self.base_url):
            if not fields[name].required and fields[name].default is None:
                raise ValueError(f"the base URL needs {name!r}, which is neither required nor has a default")
        return self

    @model_validator(mode="after")
    def _headers_can_be_sent(self) -> Self:
        for name, template in self.headers.items():
            if not (name and (name + template).isascii() and (name + template).isprintable()):
                raise ValueError(f"the header {name!r} has a character that HTTP cannot carry")
        return self
