"""What Mem0 answered, if it is an answer: a 200 is not yet a success."""

import json as json_text
from collections.abc import Mapping
from typing import Any

from modulex_mem0.contract import ActionError, ErrorCode, Reply
from modulex_mem0.mem0.replies.values import text

__all__ = ["json_of", "object_of", "refuse_reported_failure"]

# A reason in a reply may be as long as a page.
_LONGEST_REASON = 300


def json_of(reply: Reply, *, describes_failure: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value of a reply with a success status.

    Args:
        reply: Of any content.
        describes_failure: Whether `error` and `status` belong to what an object describes, as in a failed event, and
            do not mean that the request itself failed.

    Raises:
        ActionError: `bad_response` for anything but JSON, or for null; what `refuse_reported_failure` raises.
    """
    body = reply.json()
    if body is None:
        raise ActionError(ErrorCode.BAD_RESPONSE, "Mem0 answered with null", http_status=reply.status)
    if isinstance(body, dict) and not describes_failure:
        refuse_reported_failure(body)
    return body


def object_of(reply: Reply, *, describes_failure: bool = False) -> dict[str, Any]:
    """The JSON object of a reply with a success status.

    Raises:
        ActionError: As `json_of`; `bad_response` for anything but an object.
    """
    body = json_of(reply, describes_failure=describes_failure)
    if not isinstance(body, dict):
        kind = "a list" if isinstance(body, list) else "a bare value"
        raise ActionError(ErrorCode.BAD_RESPONSE, f"Mem0 answered with {kind} where an object is due")
    return body


def refuse_reported_failure(body: Mapping[str, Any]) -> None:
    """Refuse a reply that reports a failure under a success status.

    Raises:
        ActionError: `event_failed` for `status: FAILED`, with the event's id; `service_error` for `{"error": …}`.
    """
    reason = body.get("error")
    if body.get("status") == "FAILED":
        event_id = text(body.get("event_id"))
        raise ActionError(
            ErrorCode.EVENT_FAILED,
            _line(reason or body.get("message") or "Mem0 gives no reason"),
            partial_output={"event_id": event_id} if event_id else None,
        )
    if reason:
        raise ActionError(ErrorCode.SERVICE_ERROR, f"Mem0 reports: {_line(reason)}")


def _line(reason: object) -> str:
    line = " ".join((reason if isinstance(reason, str) else json_text.dumps(reason, ensure_ascii=False)).split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
