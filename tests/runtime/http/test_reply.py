"""Whatever body an error reply has, a caller reads one short line without markup."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.contract import ErrorInfo
from modulex_mem0.runtime import Runtime
from tests.helpers.calls import check, credential_for, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import reply
from tests.helpers.tiny_integration import plugin


@pytest.fixture(scope="module")
def shared() -> Any:
    with Runtime(plugins=[plugin()]) as runtime:
        yield runtime


def _told(runtime: Runtime, server: ScriptedServer, status: int, body: bytes, content_type: str | None) -> ErrorInfo:
    server.script(reply(status, body, content_type=content_type))
    result = runtime.call_sync("tiny", "change", {}, credential=credential_for(server))
    check(runtime, "change", result)
    error = failure(result)
    assert len(error.message) <= 300
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
        (None, "the reply gives no reason"),
        (42, "the reply gives no reason"),
        ([], "the reply gives no reason"),
    ],
)
def test_every_known_shape_gives_its_reason(
    shared: Runtime, lasting_server: ScriptedServer, body: object, line: str
) -> None:
    assert _told(shared, lasting_server, 400, json.dumps(body).encode(), "application/json").message == line


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbf"])
def test_an_empty_body_is_told_as_such(shared: Runtime, lasting_server: ScriptedServer, body: bytes) -> None:
    assert _told(shared, lasting_server, 403, body, None).message == "the reply has no body"


PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@pytest.mark.parametrize("page", [PAGE, b" " * 600 + PAGE, b"\xef\xbb\xbf" + PAGE, b"\n<?xml version='1.0'?><e/>"])
@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "Text/HTML", "application/json", None])
def test_a_page_is_not_passed_on(
    shared: Runtime, lasting_server: ScriptedServer, page: bytes, content_type: str | None
) -> None:
    message = _told(shared, lasting_server, 502, page, content_type).message
    assert "markup" in message
    assert "nginx" not in message


def test_plain_text_is_passed_on(shared: Runtime, lasting_server: ScriptedServer) -> None:
    assert _told(shared, lasting_server, 502, b"upstream gone\n", "text/plain").message == "upstream gone"


@pytest.mark.parametrize("body", [b"x" * 5000, json.dumps({"error": "x" * 5000}).encode(), b"\xf0\x9f\x92\xa9" * 2000])
def test_a_long_reason_is_cut(shared: Runtime, lasting_server: ScriptedServer, body: bytes) -> None:
    message = _told(shared, lasting_server, 400, body, None).message
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
    _told(shared, lasting_server, status, json.dumps(body).encode(), content_type)


@given(status=STATUSES, body=st.binary(max_size=2000), content_type=TYPES)
def test_any_bytes_give_a_line(
    shared: Runtime, lasting_server: ScriptedServer, status: int, body: bytes, content_type: str | None
) -> None:
    _told(shared, lasting_server, status, body, content_type)


@given(parts=st.lists(st.sampled_from(["<", ">", "/", "b", "!", "--", " ", "script", "=", "'", "a<b"]), max_size=12))
def test_no_tag_is_passed_on(shared: Runtime, lasting_server: ScriptedServer, parts: list[str]) -> None:
    message = _told(shared, lasting_server, 400, json.dumps({"error": "".join(parts)}).encode(), None).message
    assert not any(f"<{c}" in message for c in "!/?bs")


def test_a_body_nested_without_end_gives_a_line(shared: Runtime, lasting_server: ScriptedServer) -> None:
    _told(shared, lasting_server, 400, b'{"error":' * 100_000, "application/json")
