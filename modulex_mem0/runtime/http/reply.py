"""A reply with its whole body, and what its status means."""

import json
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.http.error_message import error_message
from modulex_mem0.runtime.http.retry_after import retry_after_seconds
from modulex_mem0.runtime.redaction import Redactor

if TYPE_CHECKING:
    import httpx

__all__ = ["HttpReply"]

# A reason in a reply may be as long as a page.
_LONGEST_REASON = 300

_CODES = {
    401: ErrorCode.UNAUTHORIZED,
    402: ErrorCode.QUOTA_EXCEEDED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.UNSUPPORTED,
    408: ErrorCode.TIMEOUT,
    410: ErrorCode.NOT_FOUND,
    413: ErrorCode.QUOTA_EXCEEDED,
    429: ErrorCode.RATE_LIMITED,
    501: ErrorCode.UNSUPPORTED,
}


def _code_of(status: int) -> ErrorCode:
    if status in _CODES:
        return _CODES[status]
    if status >= 500:
        return ErrorCode.SERVICE_ERROR
    return ErrorCode.INVALID_INPUT if status >= 400 else ErrorCode.BAD_RESPONSE


class HttpReply:
    """Implements `modulex_mem0.contract.Reply`."""

    __slots__ = ("_headers", "_redactor", "body", "status")

    def __init__(self, status: int, headers: "httpx.Headers", body: bytes, redactor: Redactor) -> None:
        self.status = status
        self.body = redactor.body(body)
        self._headers = headers
        self._redactor = redactor

    def __repr__(self) -> str:
        return f"<HttpReply {self.status}, {len(self.body)} bytes>"

    def header(self, name: str) -> str | None:
        """The value of a header, by its name in any case, with the secrets masked."""
        value: str | None = self._headers.get(name)
        return None if value is None else self._redactor.text(value)

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asks to wait: `Retry-After`, or after too many requests the rate limit's reset."""
        return retry_after_seconds(self.header, limited=self.status == 429)

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as a JSON value.

        Raises:
            ActionError: `bad_response` when it is not JSON.
        """
        try:
            return from_json(self.body, allow_inf_nan=False)
        except ValueError:
            raise ActionError(
                ErrorCode.BAD_RESPONSE, f"the reply is not JSON: {self._summary()}", http_status=self.status
            ) from None

    def object(self, *, failure_key: str | None = "error") -> dict[str, Any]:
        """The body of a successful reply as a JSON object. See the contract."""
        self.require_success()
        body = self.json()
        if not isinstance(body, dict):
            raise self._unexpected(f"the service answered with {_kind_of(body)} where an object is due")
        reason = body.get(failure_key) if failure_key is not None else None
        if reason:
            raise ActionError(
                ErrorCode.SERVICE_ERROR, f"the service reports: {_reason_of(reason)}", http_status=self.status
            )
        return body

    def objects(self, key: str | None = None) -> list[dict[str, Any]]:
        """The list of JSON objects that the body of a successful reply holds under a key, or is. See the contract."""
        if key is None:
            self.require_success()
            items = self.json()
        else:
            items = self.object().get(key)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            where = "" if key is None else f" under {key!r}"
            raise self._unexpected(f"the service's reply holds no list of objects{where}")
        return items

    def require_success(self) -> None:
        """Check the status.

        Raises:
            ActionError: With the status's code and the message found in the body, unless the status is 2xx.
        """
        if 200 <= self.status < 300:
            return
        code = _code_of(self.status)
        message = self._summary()
        if 300 <= self.status < 400:
            message = "the service redirects elsewhere, which is not followed; check the base URL"
        raise ActionError(
            code,
            message,
            http_status=self.status,
            retry_after=self.retry_after if self.status in (429, 503) else None,
        )

    def _unexpected(self, message: str) -> ActionError:
        return ActionError(ErrorCode.BAD_RESPONSE, message, http_status=self.status)

    def _summary(self) -> str:
        return error_message(self.body, self.header("content-type"))


def _kind_of(body: object) -> str:
    return "null" if body is None else "a list" if isinstance(body, list) else "a bare value"


def _reason_of(reason: object) -> str:
    line = " ".join((reason if isinstance(reason, str) else json.dumps(reason, ensure_ascii=False)).split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
