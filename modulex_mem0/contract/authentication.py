"""Authentication: a scheme, its credential fields, its connection test and its OAuth 2 endpoints."""

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from modulex_mem0.contract.models import FrozenModel
from modulex_mem0.contract.template import Template

__all__ = ["AuthScheme", "BasicAuth", "ConnectionTest", "CredentialField", "OAuth2Endpoints"]


class CredentialField(FrozenModel):
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


class OAuth2Endpoints(FrozenModel):
    """The authorization code flow of a service."""

    authorize_url: str = Field(
        pattern=r"^https://",
        description="Where the user agrees; a template such as `https://{site}.example/authorize`.",
    )
    token_url: str = Field(pattern=r"^https://", description="Where a code is exchanged for a token; a template too.")
    scopes: tuple[str, ...] = Field(default=(), description="What to ask the user for.")
    pkce: bool = Field(default=True, description="Whether the service takes a code challenge (RFC 7636).")
    token_auth_method: Literal["body", "basic"] = Field(
        default="body", description="Where the application's id and secret go in the exchange."
    )
    authorize_params: dict[str, str] = Field(
        default_factory=dict, description="Further query parameters of the authorize URL, such as `prompt`."
    )


class BasicAuth(FrozenModel):
    """HTTP Basic authentication, whose header the runtime makes of the two."""

    username: str = Field(description="A template, or a fixed text such as `api`.")
    password: str = Field(default="", description="A template; empty where the service wants the user name alone.")


class ConnectionTest(FrozenModel):
    """A harmless request that succeeds only with a working credential.

    The runtime fills `{field}` from the credential in the URL, the headers, the parameters and the texts of the body.
    In the host of the URL a value must be part of a host name; in its path and query it is percent-encoded. The
    scheme's headers are sent too.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: str = Field(min_length=1, description="Absolute; a template such as `{base_url}/ping/`.")
    headers: dict[str, str] = Field(default_factory=dict, description="Beside those of the scheme; templates.")
    params: dict[str, str] = Field(default_factory=dict, description="Query parameters; templates.")
    body: dict[str, Any] | None = Field(
        default=None,
        description="Sent as JSON. Only the names of fields count as places to fill: braces are common here.",
    )
    basic: BasicAuth | None = Field(default=None, description="Where the service wants HTTP Basic authentication.")
    success_status: tuple[int, ...] = Field(
        default=(200,), min_length=1, description="The statuses of the reply to a good credential."
    )
    success_fields: dict[str, Any] = Field(
        default_factory=dict, description="Fields that the JSON reply must carry with exactly these values."
    )
    present_fields: tuple[str, ...] = Field(
        default=(), description="Fields that the JSON reply must carry; `data.id` is `id` within `data`."
    )
    description: str = Field(min_length=1, description="What the test does, for people.")

    def templates(self) -> tuple[str, ...]:
        """All templates that the runtime fills, except those in the body."""
        basic = (self.basic.username, self.basic.password) if self.basic else ()
        return (self.url, *self.headers.values(), *self.params.values(), *basic)


class AuthScheme(FrozenModel):
    """One way to authenticate.

    The runtime fills `{field}` in `base_url` and `headers` from the credential, so that a handler sees neither.
    """

    type: Literal["api_key", "bearer_token", "basic", "oauth2", "platform_key", "custom", "none"] = Field(
        description="`platform_key`: the operator of the host supplies it, not the user. `none`: nothing is needed."
    )
    display_name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    setup_steps: tuple[str, ...] = Field(default=(), description="What to do, in order, to obtain the credential.")
    fields: tuple[CredentialField, ...] = ()
    oauth2: OAuth2Endpoints | None = Field(default=None, description="Where a host obtains the token.")
    base_url: str | None = Field(
        default=None,
        min_length=1,
        description="Where requests go; a template such as `{base_url}`. None where handlers make their own requests.",
    )
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
        names = {field.name for field in self.fields}
        tested = self.connection_test.templates() if self.connection_test else ()
        for template in (*self._urls(), *self.headers.values(), *tested):
            unknown = [name for name in Template(template).names if name not in names]
            if unknown:
                raise ValueError(f"the template {template!r} names {unknown[0]!r}, which is not a credential field")
        return self

    @model_validator(mode="after")
    def _urls_are_complete_and_lead_where_they_say(self) -> Self:
        fields = {field.name: field for field in self.fields}
        for template in self._urls():
            url = Template(template)
            url.check_url()
            for name in url.names:
                field = fields[name]
                if field.application or (not field.required and field.default is None):
                    raise ValueError(
                        f"the URL {template!r} needs {name!r}, which is neither required nor has a default"
                    )
            if url.leading_name is not None and fields[url.leading_name].kind != "url":
                raise ValueError(f"the URL {template!r} begins with {url.leading_name!r}, whose kind is not `url`")
        return self

    @model_validator(mode="after")
    def _test_stays_on_its_host(self) -> Self:
        if self.base_url and self.connection_test and not self.connection_test.url.startswith(f"{self.base_url}/"):
            raise ValueError(f"the URL of the connection test must begin with the base URL, {self.base_url!r}")
        return self

    @model_validator(mode="after")
    def _headers_can_be_sent(self) -> Self:
        tested = self.connection_test.headers if self.connection_test else {}
        for name, template in (*self.headers.items(), *tested.items()):
            if not (name and (name + template).isascii() and (name + template).isprintable()):
                raise ValueError(f"the header {name!r} has a character that HTTP cannot carry")
        return self

    @model_validator(mode="after")
    def _type_and_parts_agree(self) -> Self:
        if self.oauth2 is not None and self.type != "oauth2":
            raise ValueError(f"a scheme of type {self.type} has no OAuth 2 endpoints")
        if self.type == "none" and self.fields:
            raise ValueError("a scheme of type none has no credential fields")
        return self

    def _urls(self) -> Iterator[str]:
        if self.base_url is not None:
            yield self.base_url
        if self.connection_test is not None:
            yield self.connection_test.url
        if self.oauth2 is not None:
            yield from (self.oauth2.authorize_url, self.oauth2.token_url)
