"""Each status of a reply stands for one code."""

import pytest

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime
from tests.helpers.calls import call, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply

CODES = {
    300: ErrorCode.BAD_RESPONSE,
    304: ErrorCode.BAD_RESPONSE,
    400: ErrorCode.INVALID_INPUT,
    401: ErrorCode.UNAUTHORIZED,
    402: ErrorCode.QUOTA_EXCEEDED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.UNSUPPORTED,
    408: ErrorCode.TIMEOUT,
    409: ErrorCode.INVALID_INPUT,
    410: ErrorCode.NOT_FOUND,
    413: ErrorCode.QUOTA_EXCEEDED,
    418: ErrorCode.INVALID_INPUT,
    422: ErrorCode.INVALID_INPUT,
    429: ErrorCode.RATE_LIMITED,
    500: ErrorCode.SERVICE_ERROR,
    501: ErrorCode.UNSUPPORTED,
    502: ErrorCode.SERVICE_ERROR,
    503: ErrorCode.SERVICE_ERROR,
    504: ErrorCode.SERVICE_ERROR,
    599: ErrorCode.SERVICE_ERROR,
    999: ErrorCode.SERVICE_ERROR,
}
#: Codes after which the same read may succeed.
PASSING = {ErrorCode.RATE_LIMITED, ErrorCode.SERVICE_ERROR, ErrorCode.TIMEOUT}


@pytest.mark.parametrize(("status", "code"), CODES.items())
async def test_a_status_has_a_code(runtime: Runtime, server: ScriptedServer, status: int, code: ErrorCode) -> None:
    server.script(reply(status) if status == 304 else json_reply({"detail": "because"}, status))
    error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.http_status) == (code, status)
    assert error.retryable is (code in PASSING)
    if status >= 400:
        assert error.message == "because"
        assert error.line == f"{code}: because (HTTP {status})"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_failed_change_is_retryable_only_where_nothing_can_have_happened(
    runtime: Runtime, server: ScriptedServer, status: int
) -> None:
    server.script(reply(status))
    assert failure(await call(runtime, "change", server=server)).retryable is (status == 429)


@pytest.mark.parametrize("status", [200, 201, 202, 206])
async def test_any_2xx_is_a_success(runtime: Runtime, server: ScriptedServer, status: int) -> None:
    server.script(json_reply({}, status))
    assert (await call(runtime, "fetch", server=server)).output["status"] == status


async def test_the_line_tells_status_and_wait(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply({"detail": "slow down"}, 429, {"retry-after": "12"}))
    result = await call(runtime, "change", server=server)
    assert result.output["error"] == "rate_limited: slow down (HTTP 429; retry after 12 s)"
    assert failure(result).retry_after == 12
