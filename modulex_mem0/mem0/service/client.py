"""Requests to Mem0."""

from collections.abc import Mapping
from typing import Any

from modulex_mem0.contract import Context, Reply
from modulex_mem0.mem0.replies.answer import object_of

__all__ = ["request_object", "request_reply"]

Params = Mapping[str, str | int | float | bool]


async def request_reply(
    context: Context,
    method: str,
    path: str,
    *,
    params: Params | None = None,
    json: Mapping[str, Any] | None = None,
) -> Reply:
    """Send a request; the reply has a success status, and its body is still to be read.

    Args:
        context: The call's.
        method: The HTTP method.
        path: With Mem0's trailing slash; without one its server answers with an error or a redirect.
        params: Query parameters.
        json: The body.

    Raises:
        ActionError: What the HTTP client raises; the code of an error status.
    """
    reply = await context.http.send(method, path, params=params, json=json)
    reply.require_success()
    return reply


async def request_object(
    context: Context,
    method: str,
    path: str,
    *,
    params: Params | None = None,
    json: Mapping[str, Any] | None = None,
    describes_failure: bool = False,
) -> dict[str, Any]:
    """Send a request whose answer is due to be a JSON object; the arguments are those of `request_reply`.

    Args:
        context: The call's.
        method: The HTTP method.
        path: See `request_reply`.
        params: Query parameters.
        json: The body.
        describes_failure: See `json_of`.

    Raises:
        ActionError: As `request_reply` and `object_of`.
    """
    reply = await request_reply(context, method, path, params=params, json=json)
    return object_of(reply, describes_failure=describes_failure)
