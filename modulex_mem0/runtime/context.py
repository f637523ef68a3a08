"""The context of one call, as the contract describes it: credential, HTTP client, deadline and progress."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, AuthScheme, ErrorCode, HttpClient
from modulex_mem0.runtime.errors import reraise_interrupt
from modulex_mem0.runtime.redaction import Redactor

__all__ = ["CallContext", "Deadline", "Deadlines", "NoServiceClient", "Progress", "ProgressListener", "Reporter"]

logger = logging.getLogger(__name__)

# When a runtime is closed, its requests end at once with an error. The handlers have this many seconds to pass it on.
_SETTLING = 0.1


class Deadline:
    """The moment when a call has to end, on the running event loop's clock. Closing the runtime moves it to now.

    Attributes:
        loop: The event loop of the call.
        was_cut: Whether the runtime was closed during the call.
    """

    __slots__ = ("_at", "_over", "loop", "was_cut")

    def __init__(self, seconds: float) -> None:
        self.loop = asyncio.get_running_loop()
        self._at = self.loop.time() + seconds
        self._over: asyncio.Future[None] | None = None
        self.was_cut = False

    def remaining(self) -> float:
        """Seconds left; at most zero once it has passed."""
        return self._at - self.loop.time()

    def cut(self, *, stop: bool) -> None:
        """Let nothing more be sent from now on; from any thread.

        Args:
            stop: Also end the call, where its handler does not by itself.
        """
        self.was_cut = True
        self._at = self.loop.time()
        if stop:
            # A loop that has ended runs no call.
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self.loop.call_later, _SETTLING, self.signal)

    def waiter(self) -> "asyncio.Future[None]":
        """A future that is done after `signal`."""
        self._over = self.loop.create_future()
        return self._over

    def signal(self) -> None:
        """Wake the call: its work has ended, or its time."""
        if self._over is not None and not self._over.done():
            self._over.set_result(None)


class Deadlines:
    """The deadlines of the calls of a runtime that are in flight."""

    __slots__ = ("_closed", "_open")

    def __init__(self) -> None:
        # Adding, removing and copying are atomic.
        self._open: set[Deadline] = set()
        self._closed = False

    def begin(self, seconds: float) -> Deadline:
        """Begin a call on the running event loop.

        Raises:
            ActionError: `connection_failed` when the runtime was closed.
        """
        deadline = Deadline(seconds)
        self._open.add(deadline)
        if self._closed:
            self._open.discard(deadline)
            raise ActionError(
                ErrorCode.CONNECTION_FAILED, "the runtime was closed before the call began", retryable=False
            )
        return deadline

    def end(self, deadline: Deadline | None) -> None:
        """Forget a call that has ended."""
        if deadline is not None:
            self._open.discard(deadline)

    def close(self, *loops: asyncio.AbstractEventLoop | None) -> None:
        """Let nothing more be sent, and end the calls on these event loops; from any thread."""
        self._closed = True
        for deadline in tuple(self._open):
            deadline.cut(stop=deadline.loop in loops)


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
