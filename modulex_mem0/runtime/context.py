"""The context of one call, as the contract describes it: credential, HTTP client, deadline and progress."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, AuthScheme, ErrorCode, HttpClient
from modulex_mem0.runtime.deadlines import Deadline
from modulex_mem0.runtime.errors import reraise_interrupt
from modulex_mem0.runtime.redaction import NO_SECRETS, Redactor

__all__ = ["SILENT", "CallContext", "NoServiceClient", "Progress", "ProgressListener", "Reporter"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long call has come: a message for people, and numbers where the action knows them."""

    message: str
    done: float | None = None
    total: float | None = None


ProgressListener = Callable[[Progress], None]
"""Receives what a call reports while it runs, on the event loop of the call."""


class Reporter:
    """Reports the progress of one call to its listener, if there is one.

    What the listener raises is logged and does not end the call.
    """

    __slots__ = ("_listener", "_redactor")

    def __init__(self, listener: ProgressListener | None, redactor: Redactor) -> None:
        self._listener = listener
        self._redactor = redactor

    def __call__(self, message: str, *, done: float | None = None, total: float | None = None) -> None:
        """Report a message for people, and numbers where they are known."""
        if self._listener is None:
            return
        try:
            self._listener(Progress(self._redactor.text(message), done, total))
        except BaseException as error:
            reraise_interrupt(error)
            # No traceback: it could show what the host keeps secret.
            logger.warning("a progress listener raised %s", type(error).__name__)


#: For calls without a listener.
SILENT = Reporter(None, NO_SECRETS)


class CallContext:
    """Implements `modulex_mem0.contract.Context`.

    Attributes:
        credential_was_read: Whether the handler has looked at the credential: only then can its output contain it.
    """

    __slots__ = ("_credential", "_deadline", "credential_was_read", "http", "report", "scheme")

    def __init__(
        self,
        credential: Mapping[str, str | SecretStr],
        scheme: AuthScheme | None,
        http: HttpClient,
        deadline: Deadline,
        report: Reporter,
    ) -> None:
        self._credential = credential
        self._deadline = deadline
        self.credential_was_read = False
        self.http = http
        self.report = report
        self.scheme = scheme

    @property
    def credential(self) -> Mapping[str, str | SecretStr]:
        """The resolved credential by field name."""
        self.credential_was_read = True
        return self._credential

    def remaining(self) -> float:
        """Seconds until the call's deadline."""
        return self._deadline.remaining()


class NoServiceClient:
    """Implements `modulex_mem0.contract.HttpClient` by refusing, where no service is declared to send to."""

    carries_requests = False
    changed = False
    received = 0
    retries = 0

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
