"""Requests to Mem0, and the traps of its replies: a 200 is not yet a success."""

import json as json_text
from collections.abc import Mapping
from typing import Any

from modulex_mem0.contract import ActionError, Context, ErrorCode
from modulex_mem0.mem0.replies.values import text

__all__ = ["refuse_reported_failure", "request_json", "request_object"]

Params = Mapping[str, str | int | float | bool]
# A reason in a reply may be as long as a page.
_LONGEST_REASON = 300


async def request_json(
    context: Context,
    method: str,
    path: str,
    *,
    params: Params | None = None,
    json: Mapping[str, Any] | None = None,
    describes_failure: bool = False,
) -> Any:  # noqa: ANN401 - any JSON value
    """Send a request whose answer is due to be JSON.

    Args:
        context: The call's.
        method: The HTTP method.
        path: With Mem0's trailing slash; without one its server answers with an error or a redirect.
        params: Query parameters.
        json: The body.
        describes_failure: Whether `error` and `status` belong to what an object describes, as in a failed event, and
            do not mean that the request itself failed.

    Raises:
        ActionError: What the HTTP client raises; the code of an error status; `bad_response` for anything but JSON, or
            for null; what `refuse_reported_failure` raises.
    """
    reply = await context.http.send(method, path, params=params, json=json)
    reply.require_success()
    body = reply.json()
    if body is None:
        raise ActionError(ErrorCode.BAD_RESPONSE, "Mem0 answered with null", http_status=reply.status)
    if isinstance(body, dict) and not describes_failure:
        refuse_reported_failure(body)
    return body


async def request_object(
    context: Context,
    method: str,
    path: str,
    *,
    params: Params | None = None,
    json: Mapping[str, Any] | None = None,
    describes_failure: bool = False,
) -> dict[str, Any]:
    """Send a request whose answer is due to be a JSON object.

    Args:
        context: The call's.
        method: The HTTP method.
        path: See `request_json`.
        params: Query parameters.
        json: The body.
        describes_failure: See `request_json`.

    Raises:
        ActionError: As `request_json`; `bad_response` for anything but an object.
    """
    body = await request_json(context, method, path, params=params, json=json, describes_failure=describes_failure)
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
            known={"event_id": event_id} if event_id else None,
        )
    if reason:
        raise ActionError(ErrorCode.SERVICE_ERROR, f"Mem0 reports: {_line(reason)}")


def _line(reason: object) -> str:
    line = " ".join((reason if isinstance(reason, str) else json_text.dumps(reason, ensure_ascii=False)).split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
