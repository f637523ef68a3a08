"""The errors of the contract, named by what the caller does next.

A handler raises `ActionError`; the runtime turns it into the `ErrorInfo` of a result and into the one line of text
that every output carries in its `error` field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["ActionError", "ErrorCode", "ErrorInfo"]


class ErrorCode(StrEnum):
    """Every code that a result can carry; `advice` says what the caller does next."""

    INVALID_INPUT = "invalid_input"
    MISSING_CREDENTIAL = "missing_credential"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    QUOTA_EXCEEDED = "quota_exceeded"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    CONNECTION_FAILED = "connection_failed"
    SERVICE_ERROR = "service_error"
    BAD_RESPONSE = "bad_response"
    EVENT_FAILED = "event_failed"
    OUTCOME_UNKNOWN = "outcome_unknown"
    UNSUPPORTED = "unsupported"
    INTERNAL = "internal"

    @property
    def advice(self) -> str:
        """What the caller does next, in a sentence."""
        return _ADVICE[self]


_ADVICE = {
    ErrorCode.INVALID_INPUT: "Correct the field that the message names, then call again.",
    ErrorCode.MISSING_CREDENTIAL: "Supply the credential that the message names, then call again.",
    ErrorCode.UNAUTHORIZED: "Replace the credential: the service does not accept it.",
    ErrorCode.FORBIDDEN: "Use a credential with more rights: this one is valid but not allowed to do this.",
    ErrorCode.NOT_FOUND: "Check the id: nothing with it exists for this caller.",
    ErrorCode.QUOTA_EXCEEDED: "Raise the plan's quota or send less; until then the same call fails again.",
    ErrorCode.RATE_LIMITED: "Wait for `retry_after` seconds (a minute where it is absent), then call again.",
    ErrorCode.TIMEOUT: "Call again later, or with more time; repeating the call does no harm.",
    ErrorCode.CONNECTION_FAILED: "Check the address and the network, then call again; repeating the call does no harm.",
    ErrorCode.SERVICE_ERROR: "The fault is the service's. Call again later; unless `retryable` is true, and the message"
    " says that repeating is safe, check first whether the change was made.",
    ErrorCode.BAD_RESPONSE: "Check the base URL; something that is not the service may have answered.",
    ErrorCode.EVENT_FAILED: "Read the reason, then send the work again if it is still wanted.",
    ErrorCode.OUTCOME_UNKNOWN: "Check whether the change was made before you send it again.",
    ErrorCode.UNSUPPORTED: "Use another way: this service or version does not offer the operation.",
    ErrorCode.INTERNAL: "Report it to the integration's author: this is a defect, not the caller's mistake.",
}


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """What went wrong in a call.

    Attributes:
        code: What the caller does next.
        message: One line for people; no secret, no markup, at most a few hundred characters.
        retryable: True when the same call may succeed later and repeating it cannot do harm.
        retry_after: Seconds to wait before the next try, where the service said so.
        http_status: The status of the reply that caused the error, where there was one.
    """

    code: ErrorCode
    message: str
    retryable: bool = False
    retry_after: float | None = None
    http_status: int | None = None

    @property
    def line(self) -> str:
        """The error as one line, `code: message (HTTP 429; retry after 12 s)`: what `output["error"]` holds."""
        notes = []
        if self.http_status is not None:
            notes.append(f"HTTP {self.http_status}")
        if self.retry_after is not None:
            notes.append(f"retry after {self.retry_after:g} s")
        return f"{self.code}: {self.message}" + (f" ({'; '.join(notes)})" if notes else "")


class ActionError(Exception):
    """Raised by a handler, or by the HTTP client that it was given, to end an action with `success=False`.

    Args:
        code: What the caller does next.
        message: One line for people. The runtime shortens it and removes secrets.
        retry_after: Seconds to wait, where the service said so.
        http_status: The status of the reply that caused the error.
        retryable: Overrides what the runtime derives from the code and the action's hints.
        partial_output: Fields of the output that are known despite the failure, such as the id of a failed event.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        retry_after: float | None = None,
        http_status: int | None = None,
        retryable: bool | None = None,
        partial_output: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = ErrorCode(code)
        self.message = message
        self.retry_after = retry_after
        self.http_status = http_status
        self.retryable = retryable
        self.partial_output: Mapping[str, Any] = partial_output or {}

    def __reduce__(self) -> tuple[Any, ...]:
        # The usual way calls the class with the message alone. A process pool passes exceptions on as pickles.
        return _blank, (type(self), self.args), self.__dict__


def _blank(kind: type[ActionError], args: tuple[object, ...]) -> ActionError:
    error = kind.__new__(kind)
    error.args = args
    return error
