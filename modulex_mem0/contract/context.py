"""What a handler is given beside its input."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import SecretStr

from modulex_mem0.contract.authentication import AuthScheme
from modulex_mem0.contract.http import HttpClient

__all__ = ["Context"]


class Context(Protocol):
    """One call's surroundings. A handler reads no environment and opens no connection of its own."""

    @property
    def credential(self) -> Mapping[str, str | SecretStr]:
        """The resolved credential by field name; sensitive fields are `SecretStr`."""
        ...

    @property
    def scheme(self) -> AuthScheme | None:
        """The authentication scheme that the credential satisfies; None for an integration without schemes."""
        ...

    @property
    def http(self) -> HttpClient:
        """The client for the credential's service."""
        ...

    def remaining(self) -> float:
        """Seconds until the call's deadline; at most zero once it has passed."""
        ...

    def report(self, message: str, *, done: float | None = None, total: float | None = None) -> None:
        """Tell a waiting caller how far a long call is; cheap, and without effect where nobody listens."""
        ...
