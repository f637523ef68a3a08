"""The context that a handler receives beside its input: credential, deadline, and the HTTP client with its replies."""

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import SecretStr

from modulex_mem0.contract.authentication import AuthScheme

__all__ = ["Context", "HttpClient", "Reply"]


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

    def object(self, *, failure_key: str | None = "error") -> dict[str, Any]:
        """The body of a successful reply as a JSON object.

        Args:
            failure_key: The member that reports a failure under a success status; None where the object describes
                something that may itself have failed, such as a job.

        Raises:
            ActionError: As `require_success`; `bad_response` when the body is not a JSON object; `service_error` when
                the object reports a failure.
        """
        ...

    def objects(self, key: str | None = None) -> list[dict[str, Any]]:
        """The list of JSON objects in the body of a successful reply: under a key, or the body itself.

        Raises:
            ActionError: As `object`; `bad_response` when there is no list, or it holds anything but objects. An empty
                list never stands for a broken reply.
        """
        ...

    def require_success(self) -> None:
        """Check the status.

        Raises:
            ActionError: With the code that the status stands for and the message found in the body, unless 2xx.
        """
        ...


class HttpClient(Protocol):
    """Sends requests to the service of one credential, and nowhere else.

    The base URL and the headers of the authentication scheme are added to each request. Redirects are not followed,
    bodies over the runtime's limit are refused, and every request ends at the call's deadline.
    """

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | float | bool] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        safe_to_retry: bool | None = None,
    ) -> Reply:
        """Send a request and read the whole reply.

        Args:
            method: The HTTP method, in capitals.
            path: From the service's root, beginning with a slash; values in it already percent-encoded.
            params: Query parameters.
            json: A JSON value for the body; None sends no body.
            safe_to_retry: Whether a failed attempt may be repeated. By default GET requests, and every request of an
                action whose hints say read-only or idempotent.

        Raises:
            ActionError: `timeout`, `connection_failed`, `bad_response` (too large, not HTTP), `outcome_unknown` (a
                request that must not be repeated may have been carried out), `invalid_input` (not sendable as JSON).
        """
        ...


class Context(Protocol):
    """All that a handler may use for one call. It reads no environment and opens no connections of its own."""

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
        """Report the progress of a long call to the caller; cheap, and without effect where there is no listener."""
        ...
