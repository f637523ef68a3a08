"""Where a host obtains an OAuth 2 token. The runtime is handed the token; how it was obtained is the host's affair."""

from typing import Literal

from pydantic import Field

from modulex_mem0.contract.declared import Declared

__all__ = ["OAuth2Endpoints"]


class OAuth2Endpoints(Declared):
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
