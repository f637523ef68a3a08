"""The context of one call, as the contract describes it: credential, HTTP client, deadline and progress."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, AuthScheme, ErrorCode, HttpClient

__all__ = ["CallContext", "Deadline", "NoServiceClient", "Progress", "ProgressListener"]

logger = logging.getLogger(__name__)


class Deadline:
    """A moment on the running event loop's clock.

    Args:
        seconds: From now.
    """

    __slots__ = ("_at", "_clock")

    def __init__(self, seconds: float) -> None:
        self._clock = asyncio.get_running_loop().time
        self._at = self._clock() + seconds

    def remaining(self) -> float:
        """Seconds left; at most zero once it has passed."""
        return self._at - self._clock()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long call has come: a message for people, and numbers where the action knows them."""

    message: str
    done: float | None = None
    total: float | None = None


ProgressListener = Callable[[Progress], None]


class CallContext:
    """Implements `modulex_mem0.contract.Context`.

    Attributes:
        credential_was_read: Whether the handler has looked at the credential: only then can its output contain it.
    """

    __slots__ = ("_credential", "_deadline", "_listener", "credential_was_read", "http", "scheme")

    def __init__(
        self,
        credential: Mapping[str, str | SecretStr],
        scheme: AuthScheme | None,
        http: HttpClient,
        deadline: Deadline,
        listener: ProgressListener | None = None,
    ) -> None:
        self._credential = credential
        self._deadline = deadline
        self._listener = listener
        self.credential_was_read = False
        self.http = http
        self.scheme = scheme

    @property
    def credential(self) -> Mapping[str, str | SecretStr]:
        """The resolved credential by field name."""
        self.credential_was_read = True
        return self._credential

    def remaining(self) -> float:
        """Seconds until the call's deadline."""
        return self._deadline.remaining()

    def report(self, message: str, *, done: float | None = None, total: float | None = None) -> None:
        """Report progress to the listener, if there is one; what it raises is logged and does not end the call."""
        if self._listener is None:
            return
        try:
            self._listener(Progress(message, done, total))
        except Exception as error:
            # No traceback: it could show what the host keeps secret.
            logger.warning("a progress listener raised %s", type(error).__name__)


class NoServiceClient:
    """Implements `modulex_mem0.contract.HttpClient` by refusing, where no service is declared to send to."""

    carries_requests = False
    changed = False
    received = 0

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | float | bool] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        safe_to_retry: bool | None = None,
    ) -> NoReturn:
        """Refuse.

        Raises:
            ActionError: `internal`, always.
        """
        raise ActionError(
            ErrorCode.INTERNAL,
            "there is no base URL: the integration declares no authentication scheme, or one that has none",
        )
