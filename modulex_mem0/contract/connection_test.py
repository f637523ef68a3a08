"""The request that tells whether a credential works."""

from typing import Any, Literal

from pydantic import Field

from modulex_mem0.contract.declared import Declared

__all__ = ["BasicAuth", "ConnectionTest"]


class BasicAuth(Declared):
    """HTTP Basic authentication, whose header the runtime makes of the two."""

    username: str = Field(description="A template, or a fixed text such as `api`.")
    password: str = Field(default="", description="A template; empty where the service wants the user name alone.")


class ConnectionTest(Declared):
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
        """Everything but the body that the runtime fills."""
        basic = (self.basic.username, self.basic.password) if self.basic else ()
        return (self.url, *self.headers.values(), *self.params.values(), *basic)
