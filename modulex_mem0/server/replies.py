"""The replies of the REST API: outputs, errors, and the status and headers that follow an error's code."""

import json
import math
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from modulex_mem0.contract import ActionError, ErrorCode, ErrorInfo
from modulex_mem0.runtime import Result

__all__ = ["STATUS", "error_reply", "json_reply", "output_reply"]

#: The status of a reply whose body is the output of a failed call.
STATUS: Mapping[ErrorCode, int] = {
    ErrorCode.INVALID_INPUT: 422,
    ErrorCode.MISSING_CREDENTIAL: 401,
    ErrorCode.UNAUTHORIZED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.QUOTA_EXCEEDED: 402,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.TIMEOUT: 504,
    ErrorCode.CONNECTION_FAILED: 502,
    ErrorCode.SERVICE_ERROR: 502,
    ErrorCode.BAD_RESPONSE: 502,
    ErrorCode.EVENT_FAILED: 502,
    # Not 503 or 504, which a client may take as an invitation to send the change again.
    ErrorCode.OUTCOME_UNKNOWN: 500,
    ErrorCode.UNSUPPORTED: 501,
    ErrorCode.INTERNAL: 500,
}


def output_reply(result: Result) -> Response:
    """The output of a call, whether it succeeded or not."""
    if result.error is None:
        return json_reply(result.output)
    return json_reply(result.output, STATUS[result.error.code], _error_headers(result.error))


def error_reply(error: ActionError, *, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """An error of the server itself, in the shape of a failed output: `success` and `error`."""
    info = ErrorInfo(error.code, error.message, retryable=bool(error.retryable), retry_after=error.retry_after)
    body = {"success": False, "error": info.line}
    return json_reply(body, status or STATUS[error.code], {**_error_headers(info), **(headers or {})})


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:  # noqa: ANN401
    """A JSON value. What JSON or UTF-8 cannot hold, such as NaN in a service's reply, is sent as null or escaped."""
    try:
        body = to_json(value, inf_nan_mode="null")
    except ValueError:
        # Half of a pair of surrogates, which only an escape can express.
        clean = json.loads(json.dumps(value), parse_constant=lambda _: None)
        body = json.dumps(clean, separators=(",", ":")).encode()
    return Response(body, status, headers, "application/json")


def _error_headers(error: ErrorInfo) -> dict[str, str]:
    headers = {
        "Modulex-Error-Code": error.code.value,
        "Modulex-Retryable": "true" if error.retryable else "false",
        "Modulex-Advice": error.code.advice,
    }
    if error.retry_after is not None and math.isfinite(error.retry_after):
        headers["Retry-After"] = str(max(0, math.ceil(error.retry_after)))
    return headers
