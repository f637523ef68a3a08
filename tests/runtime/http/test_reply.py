"""Replies: a status has its code, and a body is what is due or an error.

Whatever body an error has, a caller reads one short line without markup.
"""

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from modulex_mem0.contract import ActionInput, ActionOutput, Context, ErrorCode, ErrorInfo, action
from modulex_mem0.runtime import Runtime
from tests.helpers.calls import call, check, credential_for, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply
from tests.helpers.tiny_integration import plugin

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
TRANSIENT = {ErrorCode.RATE_LIMITED, ErrorCode.SERVICE_ERROR, ErrorCode.TIMEOUT}


@pytest.mark.parametrize(("status", "code"), CODES.items())
async def test_a_status_has_a_code(runtime: Runtime, server: ScriptedServer, status: int, code: ErrorCode) -> None:
    server.script(reply(status) if status == 304 else json_reply({"detail": "because"}, status))
    error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.http_status) == (code, status)
    assert error.retryable is (code in TRANSIENT)
    if status >= 400:
        # A person who reads the line does not see `retryable`.
        message = "because; repeating is safe" if status >= 500 and status != 501 else "because"
        assert error.message == message
        assert error.line == f"{code}: {message} (HTTP {status})"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_failed_change_is_retryable_only_where_nothing_can_have_happened(
    runtime: Runtime, server: ScriptedServer, status: int
) -> None:
    server.script(reply(status))
    error = failure(await call(runtime, "change", server=server))
    assert error.retryable is (status == 429)
    assert error.message.endswith("; check before you repeat") is (status != 429)


@pytest.mark.parametrize("status", [200, 201, 202, 206])
async def test_any_2xx_is_a_success(runtime: Runtime, server: ScriptedServer, status: int) -> None:
    server.script(json_reply({}, status))
    assert (await call(runtime, "fetch", server=server)).output["status"] == status


async def test_the_line_has_the_status_and_the_wait(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply({"detail": "slow down"}, 429, {"retry-after": "12"}))
    result = await call(runtime, "change", server=server)
    assert result.output["error"] == "rate_limited: slow down (HTTP 429; retry after 12 s)"
    assert failure(result).retry_after == 12


class ReadInput(ActionInput):
    """Which part of the body to read."""

    failure_key: str | None = "error"
    key: str | None = None


class ReadOutput(ActionOutput):
    """What was read."""

    value: JsonValue = None


@action(title="Read object", read_only=True)
async def read_object(context: Context, input: ReadInput) -> ReadOutput:
    """Read a JSON object."""
    reply = await context.http.send("GET", "/")
    return ReadOutput(success=True, value=reply.object(failure_key=input.failure_key))


@action(title="Read objects", read_only=True)
async def read_objects(context: Context, input: ReadInput) -> ReadOutput:
    """Read a list of JSON objects."""
    reply = await context.http.send("GET", "/")
    return ReadOutput(success=True, value=list(reply.objects(input.key)))


@pytest.fixture
async def reading() -> AsyncIterator[Runtime]:
    async with Runtime(plugins=[plugin(read_object, read_objects)]) as runtime:
        yield runtime


@pytest.mark.parametrize(
    "body", [{}, {"a": 1}, {"error": None}, {"error": ""}, {"error": []}, {"a": {"error": "deep"}}]
)
async def test_an_object_is_returned(reading: Runtime, server: ScriptedServer, body: object) -> None:
    server.script(json_reply(body))
    assert (await call(reading, "read_object", server=server)).output["value"] == body


async def test_a_byte_order_mark_before_the_json_is_ignored(reading: Runtime, server: ScriptedServer) -> None:
    server.script(reply(200, b'\xef\xbb\xbf{"a": 1}'))
    assert (await call(reading, "read_object", server=server)).output["value"] == {"a": 1}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"plain", "the reply is not JSON: plain"),
        (b"", "the reply is not JSON: the reply has no body"),
        (b"<html>", "the reply is not JSON: the reply is a page of markup"),
        (b"null", "answered with null where an object is due"),
        (b"[{}]", "answered with a list where an object is due"),
        (b"7", "answered with a bare value where an object is due"),
        (b'"text"', "answered with a bare value where an object is due"),
    ],
)
async def test_a_body_that_is_not_an_object_is_a_bad_response(
    reading: Runtime, server: ScriptedServer, body: bytes, reason: str
) -> None:
    server.script(reply(200, body))
    error = failure(await call(reading, "read_object", server=server))
    assert (error.code, error.http_status, error.retryable) == (ErrorCode.BAD_RESPONSE, 200, False)
    assert reason in error.message


@pytest.mark.parametrize(
    ("reported", "message"),
    [
        ("it broke", "the service reports: it broke"),
        ("two\nlines  of text", "the service reports: two lines of text"),
        ({"code": 7, "text": "Zürich"}, 'the service reports: {"code": 7, "text": "Zürich"}'),
        (["a", "b"], 'the service reports: ["a", "b"]'),
        (True, "the service reports: true"),
    ],
)
@pytest.mark.parametrize("name", ["read_object", "read_objects"])
async def test_a_failure_that_a_success_reports_is_a_failure(
    reading: Runtime, server: ScriptedServer, name: str, reported: object, message: str
) -> None:
    server.script(json_reply({"error": reported, "results": []}))
    error = failure(await call(reading, name, {"key": "results"}, server=server))
    assert (error.code, error.http_status, error.message) == (ErrorCode.SERVICE_ERROR, 200, message)


async def test_a_long_reported_failure_is_cut(reading: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply({"error": "x" * 5000}))
    message = failure(await call(reading, "read_object", server=server)).message
    assert len(message) == len("the service reports: ") + 300
    assert message.endswith("…")


async def test_an_object_may_report_its_failure_under_another_key_or_describe_one(
    reading: Runtime, server: ScriptedServer
) -> None:
    server.script(json_reply({"error": "it broke", "failure": None}))
    for key in ("failure", None):
        result = await call(reading, "read_object", {"failure_key": key}, server=server)
        assert result.output["value"] == {"error": "it broke", "failure": None}
    server.script(json_reply({"failure": "it broke"}))
    error = failure(await call(reading, "read_object", {"failure_key": "failure"}, server=server))
    assert error.line == "service_error: the service reports: it broke (HTTP 200)"


@pytest.mark.parametrize(
    ("body", "key", "items"),
    [
        ([], None, []),
        ([{"a": 1}, {}], None, [{"a": 1}, {}]),
        ({"results": []}, "results", []),
        ({"results": [{"a": 1}], "next": None}, "results", [{"a": 1}]),
        ([{"error": "of one item"}], None, [{"error": "of one item"}]),
    ],
)
async def test_a_list_of_objects_is_returned(
    reading: Runtime, server: ScriptedServer, body: object, key: str | None, items: list[object]
) -> None:
    server.script(json_reply(body))
    assert (await call(reading, "read_objects", {"key": key}, server=server)).output["value"] == items


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (None, None),
        ({}, None),
        ({"results": []}, None),
        ("text", None),
        ([1], None),
        ([{}, None], None),
        ([[{}]], None),
        (["a"], None),
        ({}, "results"),
        ({"results": None}, "results"),
        ({"results": {}}, "results"),
        ({"results": [{"a": 1}, "b"]}, "results"),
        ({"results": [[{"a": 1}]]}, "results"),
        ([{}], "results"),
    ],
)
async def test_anything_but_a_list_of_objects_is_a_bad_response(
    reading: Runtime, server: ScriptedServer, body: object, key: str | None
) -> None:
    server.script(json_reply(body))
    error = failure(await call(reading, "read_objects", {"key": key}, server=server))
    assert (error.code, error.http_status, error.retryable) == (ErrorCode.BAD_RESPONSE, 200, False)


@pytest.mark.parametrize("name", ["read_object", "read_objects"])
async def test_an_error_status_comes_before_the_body(reading: Runtime, server: ScriptedServer, name: str) -> None:
    server.script(json_reply({"detail": "gone"}, 404))
    assert failure(await call(reading, name, server=server)).line == "not_found: gone (HTTP 404)"


@pytest.mark.parametrize("body", [b"", b"plain", b"<html>", b'{"a": ', b"\xff\xfe", b"NaN", b"[" * 100_000])
async def test_a_success_without_json_is_a_bad_response(runtime: Runtime, server: ScriptedServer, body: bytes) -> None:
    server.script(reply(200, body))
    error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.http_status, error.retryable) == (ErrorCode.BAD_RESPONSE, 200, False)


def _reported(
    runtime: Runtime, server: ScriptedServer, status: int, body: bytes, content_type: str | None
) -> ErrorInfo:
    server.script(reply(status, body, content_type=content_type))
    result = runtime.call_sync("tiny", "change", {}, credential=credential_for(server))
    check(runtime, "change", result)
    error = failure(result)
    assert len(error.message.removesuffix("; check before you repeat")) <= 300
    assert error.message.isprintable()
    assert error.message.strip()
    return error


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"error": "Filters are wrong"}, "Filters are wrong"),
        ({"message": "Filters are wrong"}, "Filters are wrong"),
        ({"detail": "Filters are wrong"}, "Filters are wrong"),
        ({"detail": ["One.", "Two."]}, "One.; Two."),
        ({"detail": [{"loc": ["body", "q"], "msg": "field required"}]}, "field required"),
        ({"error": "Bad", "details": {"message": "because of this"}}, "Bad: because of this"),
        ({"error": {"message": "deep", "code": 7}}, "deep"),
        ({"user_id": ["This field is required."]}, "user_id: This field is required."),
        ({"a": ["x"], "b": ["y", "z"]}, "a: x; b: y; z"),
        (["only a list"], "only a list"),
        ("only text", "only text"),
        ({"error": "", "message": "the second"}, "the second"),
        ({"error": "two\nlines\tand  spaces"}, "two lines and spaces"),
        ({"error": "a\u202eb\u0000c"}, "a b c"),
        ({"error": "Bad <b>gateway</b><script>x()</script>"}, "Bad gateway x()"),
        ({"code": 7}, "the reply gives no reason"),
        ({"error": {"error": {"error": {"error": {"error": {"error": ["too deep"]}}}}}}, "the reply gives no reason"),
        (None, "the reply gives no reason"),
        (42, "the reply gives no reason"),
        ([], "the reply gives no reason"),
    ],
)
def test_every_known_shape_gives_its_reason(
    shared: Runtime, lasting_server: ScriptedServer, body: object, line: str
) -> None:
    assert _reported(shared, lasting_server, 400, json.dumps(body).encode(), "application/json").message == line


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbf"])
def test_an_empty_body_is_reported(shared: Runtime, lasting_server: ScriptedServer, body: bytes) -> None:
    assert _reported(shared, lasting_server, 403, body, None).message == "the reply has no body"


PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@pytest.mark.parametrize("page", [PAGE, b" " * 600 + PAGE, b"\xef\xbb\xbf" + PAGE, b"\n<?xml version='1.0'?><e/>"])
@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "Text/HTML", "application/json", None])
def test_a_page_is_not_passed_on(
    shared: Runtime, lasting_server: ScriptedServer, page: bytes, content_type: str | None
) -> None:
    message = _reported(shared, lasting_server, 502, page, content_type).message
    assert "markup" in message
    assert "nginx" not in message


def test_plain_text_is_passed_on(shared: Runtime, lasting_server: ScriptedServer) -> None:
    assert _reported(shared, lasting_server, 502, b"upstream gone\n", "text/plain").message == (
        "upstream gone; check before you repeat"
    )


@pytest.mark.parametrize("body", [b"x" * 5000, json.dumps({"error": "x" * 5000}).encode(), b"\xf0\x9f\x92\xa9" * 2000])
def test_a_long_reason_is_cut(shared: Runtime, lasting_server: ScriptedServer, body: bytes) -> None:
    message = _reported(shared, lasting_server, 400, body, None).message
    assert len(message) == 300
    assert message.endswith("…")


KEYS = st.sampled_from(["error", "detail", "details", "message", "msg", "title", "reason"])

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text() | KEYS, inner, max_size=5),
    max_leaves=20,
)

STATUSES = st.integers(400, 999)

TYPES = st.sampled_from([None, "application/json", "text/plain", "text/html"])


@given(status=STATUSES, body=JSON, content_type=TYPES)
def test_any_json_gives_a_line(
    shared: Runtime, lasting_server: ScriptedServer, status: int, body: object, content_type: str | None
) -> None:
    _reported(shared, lasting_server, status, json.dumps(body).encode(), content_type)


@given(status=STATUSES, body=st.binary(max_size=2000), content_type=TYPES)
def test_any_bytes_give_a_line(
    shared: Runtime, lasting_server: ScriptedServer, status: int, body: bytes, content_type: str | None
) -> None:
    _reported(shared, lasting_server, status, body, content_type)


@given(parts=st.lists(st.sampled_from(["<", ">", "/", "b", "!", "--", " ", "script", "=", "'", "a<b"]), max_size=12))
def test_no_tag_is_passed_on(shared: Runtime, lasting_server: ScriptedServer, parts: list[str]) -> None:
    message = _reported(shared, lasting_server, 400, json.dumps({"error": "".join(parts)}).encode(), None).message
    assert not any(f"<{c}" in message for c in "!/?bs")


def test_a_body_nested_without_end_gives_a_line(shared: Runtime, lasting_server: ScriptedServer) -> None:
    _reported(shared, lasting_server, 400, b'{"error":' * 100_000, "application/json")
