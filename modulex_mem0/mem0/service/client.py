"""Requests to Mem0, and the traps of its replies: a 200 is not yet a success."""

from collections.abc import Mapping
from typing import Any

from modulex_mem0.contract import ActionError, Context, ErrorCode

__all__ = ["request_json", "request_object"]

Params = Mapping[str, str | int | float | bool]


async def request_json(
    context: Context, method: str, path: str, *, params: Params | None = None, json: Mapping[str, Any] | None = None
) -> Any:  # noqa: ANN401 - any JSON value
    """Send a request whose answer is due to be JSON.

    Args:
        context: The call's.
        method: The HTTP method.
        path: With Mem0's trailing slash; without one its server answers with an error or a redirect.
        params: Query parameters.
        json: The body.

    Raises:
        ActionError: What the HTTP client raises; the code of an error status; `bad_response` for anything but JSON, or
            for null.
    """
    reply = await context.http.send(method, path, params=params, json=json)
    reply.require_success()
    body = reply.json()
    if body is None:
        raise ActionError(ErrorCode.BAD_RESPONSE, "Mem0 answered with null", http_status=reply.status)
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
        describes_failure: Whether a field `error` belongs to what the object describes, as in a failed event, and does
            not mean that the request itself failed.

    Raises:
        ActionError: As `request_json`; `bad_response` for anything but an object; `service_error` for `{"error": …}`
            under a success status.
    """
    body = await request_json(context, method, path, params=params, json=json)
    if not isinstance(body, dict):
        kind = "a list" if isinstance(body, list) else "a bare value"
        raise ActionError(ErrorCode.BAD_RESPONSE, f"Mem0 answered with {kind} where an object is due")
    if body.get("error") and not describes_failure:
        raise ActionError(ErrorCode.SERVICE_ERROR, f"Mem0 reports: {body['error']}")
    return body
