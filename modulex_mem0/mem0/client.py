"""Requests to Mem0, and the traps of its replies: a 200 is not yet a success."""

from collections.abc import Mapping
from typing import Any

from modulex_mem0.contract import ActionError, Context, ErrorCode

__all__ = ["request_object"]


async def request_object(
    context: Context,
    method: str,
    path: str,
    *,
    params: Mapping[str, str | int | float | bool] | None = None,
    json: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Send a request whose answer is due to be a JSON object.

    Args:
        context: The call's.
        method: The HTTP method.
        path: With Mem0's trailing slash; without one its server answers with an error or a redirect.
        params: Query parameters.
        json: The body.

    Raises:
        ActionError: What the HTTP client raises; the code of an error status; `service_error` for `{"error": …}` under
            a success status; `bad_response` for anything but an object.
    """
    reply = await context.http.send(method, path, params=params, json=json)
    reply.require_success()
    body = reply.json()
    if not isinstance(body, dict):
        kind = {list: "a list", type(None): "null"}.get(type(body), "a bare value")
        raise ActionError(
            ErrorCode.BAD_RESPONSE, f"Mem0 answered with {kind} where an object is due", http_status=reply.status
        )
    if body.get("error"):
        raise ActionError(ErrorCode.SERVICE_ERROR, f"Mem0 reports: {body['error']}", http_status=reply.status)
    return body
