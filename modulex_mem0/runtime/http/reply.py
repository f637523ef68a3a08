"""A reply with its whole body: what its status means, the reason in an error's body, and how long it asks to wait."""

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic_core import from_json

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.redaction import Redactor

__all__ = ["HttpReply"]

_MAX_REASON = 300
# A caller does not plan for a wait of more than a day; the limit also keeps huge numbers out of results.
_MAX_WAIT = 86_400.0
# In the order in which services use them; the first that holds text wins.
_REASON_KEYS = ("error", "detail", "message", "error_description", "msg", "title", "reason")
_BOM = b"\xef\xbb\xbf"
_TAG = re.compile(r"<[!/?a-zA-Z][^<>]*>?")

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


class HttpReply:
    """Implements `modulex_mem0.contract.Reply`.

    Args:
        status: The HTTP status.
        header: Returns a header's value by its name in any case, or None.
        body: Decoded, with the secrets masked.
        redactor: Masks the secrets in headers.
    """

    __slots__ = ("_header", "_redactor", "body", "status")

    def __init__(self, status: int, header: Callable[[str], str | None], body: bytes, redactor: Redactor) -> None:
        self.status = status
        self.body = body
        self._header = header
        self._redactor = redactor

    def __repr__(self) -> str:
        return f"<HttpReply {self.status}, {len(self.body)} bytes>"

    def header(self, name: str) -> str | None:
        """The value of a header, by its name in any case, with the secrets masked."""
        value = self._header(name)
        return None if value is None else self._redactor.text(value)

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asks to wait: `Retry-After`, or the reset of the rate limit that was hit, if any."""
        value = self.header("retry-after")
        seconds = None if value is None else _seconds(value) if _is_number(value) else _seconds_until_date(value)
        if seconds is not None or self.status != 429:
            # Services send the reset with every reply; only after too many requests does it say how long to wait.
            return seconds
        reset = self.header("x-ratelimit-reset")
        return None if reset is None or not _is_number(reset) else _seconds_until_reset(reset)

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as a JSON value.

        Raises:
            ActionError: `bad_response` when it is not JSON.
        """
        try:
            return from_json(self.body.removeprefix(_BOM), allow_inf_nan=False)
        except ValueError:
            raise self._unexpected(f"the reply is not JSON: {self._reason()}") from None

    def object(self, *, failure_key: str | None = "error") -> dict[str, Any]:
        """The body of a successful reply as a JSON object. See the contract."""
        self.require_success()
        body = self.json()
        if not isinstance(body, dict):
            raise self._unexpected(f"the service answered with {_kind_of(body)} where an object is due")
        reported = body.get(failure_key) if failure_key is not None else None
        if reported:
            text = reported if isinstance(reported, str) else json.dumps(reported, ensure_ascii=False)
            raise ActionError(
                ErrorCode.SERVICE_ERROR,
                f"the service reports: {_cut(' '.join(text.split()))}",
                http_status=self.status,
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
        if 300 <= self.status < 400:
            message = "the service redirects elsewhere, which is not followed; check the base URL"
        else:
            message = self._reason()
        raise ActionError(
            _code_of(self.status),
            message,
            http_status=self.status,
            retry_after=self.retry_after if self.status in (429, 503) else None,
        )

    def _unexpected(self, message: str) -> ActionError:
        return ActionError(ErrorCode.BAD_RESPONSE, message, http_status=self.status)

    def _reason(self) -> str:
        """One line for people, of at most 300 characters, found in the body whatever its shape.

        Understands `{"error": s}`, `{"message": s}`, `{"detail": s or list}`, `{"field": ["…"]}`,
        `{"error": s, "details": {"message": s}}` and nestings of them. Markup is not passed on.
        """
        body = self.body.removeprefix(_BOM).strip()
        if not body:
            return "the reply has no body"
        try:
            text = _find_reason(from_json(body, allow_inf_nan=False), 0)
        except ValueError:
            if body.startswith(b"<") or "html" in (self.header("content-type") or "").lower():
                return "the reply is a page of markup, not data; a proxy or another service may have answered"
            text = body[: 8 * _MAX_REASON].decode("utf-8", "replace")
        text = _TAG.sub(" ", text[: 4 * _MAX_REASON])
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return _cut(line) or "the reply gives no reason"


def _code_of(status: int) -> ErrorCode:
    if status in _CODES:
        return _CODES[status]
    if status >= 500:
        return ErrorCode.SERVICE_ERROR
    return ErrorCode.INVALID_INPUT if status >= 400 else ErrorCode.BAD_RESPONSE


def _kind_of(body: object) -> str:
    return "null" if body is None else "a list" if isinstance(body, list) else "a bare value"


def _find_reason(value: Any, depth: int) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return value
    if depth > 4:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_find_reason(item, depth + 1) for item in value[:3])))
    if isinstance(value, dict):
        found = next(filter(None, (_find_reason(value.get(key), depth + 1) for key in _REASON_KEYS)), "")
        more = _find_reason(value.get("details"), depth + 1) if "details" in value else ""
        if found or more:
            return ": ".join(dict.fromkeys(filter(None, (found, more))))
        # What is left are Django's form errors: the name of a field and what is wrong with it.
        fields = ((name, _find_reason(item, depth + 1)) for name, item in list(value.items())[:3])
        return "; ".join(f"{name}: {text}" for name, text in fields if text)
    return ""


def _cut(line: str) -> str:
    return line if len(line) <= _MAX_REASON else line[: _MAX_REASON - 1] + "…"


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _seconds(value: str | float) -> float:
    return float(min(max(float(value), 0.0), _MAX_WAIT))


def _seconds_until_date(value: str) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _seconds(math.ceil((moment - datetime.now(UTC)).total_seconds()))


def _seconds_until_reset(value: str) -> float:
    # Both forms are in use: seconds from now, and the moment as seconds since 1970.
    seconds = float(value)
    return _seconds(seconds - datetime.now(UTC).timestamp() if seconds > 1_000_000_000 else seconds)
