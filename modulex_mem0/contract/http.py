"""The HTTP client that a handler is given. The runtime implements it; a handler opens no connection of its own."""

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["HttpClient", "Reply"]


class Reply(Protocol):
    """A reply with its whole body, whatever its status."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def body(self) -> bytes:
        """The decoded body, with the credential's secrets masked."""
        ...

    def header(self, name: str) -> str | None:
        """The value of a header, by its name in any case, with the credential's secrets masked."""
        ...

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as a JSON value.

        Raises:
            ActionError: `bad_response` when the body is not JSON.
        """
        ...

    def require_success(self) -> None:
        """Check the status.

        Raises:
            ActionError: With the code that the status stands for and the message found in the body, unless 2xx.
        """
        ...


class HttpClient(Protocol):
    """Sends requests to the service of one credential, and to nowhere else.

    The base URL and the headers of the authentication scheme are added to each request. Redirects are not followed,
    bodies over the runtime's limit are refused, and everything ends at the call's deadline.
    """

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | float | bool] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        repeatable: bool | None = None,
    ) -> Reply:
        """Send a request and read the whole reply.

        Args:
            method: The HTTP method, in capitals.
            path: From the service's root, beginning with a slash; values in it already percent-encoded.
            params: Query parameters.
            json: A JSON value for the body; None sends no body.
            repeatable: Whether a failed try may be repeated. By default GET requests, and every request of an action
                whose hints say read-only or idempotent.

        Raises:
            ActionError: `timeout`, `connection_failed`, `bad_response` (too large, not HTTP), `outcome_unknown` (a
                request that must not be repeated may have been carried out), `invalid_input` (not sendable as JSON).
        """
        ...
