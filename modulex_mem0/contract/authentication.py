"""How a caller authenticates with an integration's service."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from modulex_mem0.contract.connection_test import ConnectionTest
from modulex_mem0.contract.credential_field import CredentialField
from modulex_mem0.contract.declared import Declared
from modulex_mem0.contract.oauth2 import OAuth2Endpoints
from modulex_mem0.contract.templates import leading_placeholder, placeholders, refuse_bad_url

__all__ = ["AuthScheme"]


class AuthScheme(Declared):
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
            unknown = [name for name in placeholders(template) if name not in names]
            if unknown:
                raise ValueError(f"the template {template!r} names {unknown[0]!r}, which is no credential field")
        return self

    @model_validator(mode="after")
    def _urls_are_complete_and_lead_where_they_say(self) -> Self:
        fields = {field.name: field for field in self.fields}
        for template in self._urls():
            refuse_bad_url(template)
            for name in placeholders(template):
                field = fields[name]
                if field.application or (not field.required and field.default is None):
                    raise ValueError(
                        f"the URL {template!r} needs {name!r}, which is neither required nor has a default"
                    )
            leading = leading_placeholder(template)
            if leading is not None and fields[leading].kind != "url":
                raise ValueError(f"the URL {template!r} begins with {leading!r}, which is not of the kind `url`")
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
