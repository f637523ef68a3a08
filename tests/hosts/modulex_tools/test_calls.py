"""ModuleX's tools called through `Runtime.call`, and their connection tests, with the network scripted."""

import logging
from typing import Any

import httpx
import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")
pytest.importorskip("pytest_httpx", reason="the replies are scripted with pytest-httpx")

from pytest_httpx import HTTPXMock

from modulex_mem0.contract import ErrorCode, ErrorInfo
from modulex_mem0.runtime import Result, Runtime

KEY = "secret-key-0123456789/+="
ALEXA = {"skill_id": "amzn1.skill", "stage": "development", "simulation_id": "sim-1"}


async def _call(host: Runtime, integration: str, action: str, input: dict[str, Any], **credential: str) -> Result:
    return await host.call(
        f"modulex_tools_{integration}", action, input, credential=credential or {"api_key": KEY}, timeout=5
    )


def _failure(result: Result) -> ErrorInfo:
    assert result.success is result.output["success"] is False
    assert result.error is not None
    assert result.output["error"] == result.error.line
    return result.error


async def test_airweave_searches(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(
        method="POST",
        url="https://api.airweave.ai/collections/notes/search",
        json={"results": [{"id": "1", "score": 0.9}], "completion": "An answer"},
    )
    result = await _call(host, "airweave", "search", {"collection_id": "notes", "query": "plans", "limit": "5"})
    assert result.success, result
    assert result.output["completion"] == "An answer"
    (request,) = httpx_mock.get_requests()
    assert request.headers["x-api-key"] == KEY
    assert b'"limit":5' in request.content.replace(b" ", b"")


async def test_amazon_alexa_simulates_with_its_access_token(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(method="POST", json={"id": "sim-1", "status": "IN_PROGRESS"})
    asked = {"skill_id": "amzn1.skill", "stage": "development", "content": "open it"}
    result = await _call(host, "amazon_alexa", "simulate_skill", asked, access_token="Atza|token")
    assert result.output == {"success": True, "error": None, "simulation_id": "sim-1", "status": "IN_PROGRESS"}
    (request,) = httpx_mock.get_requests()
    assert request.headers["Authorization"] == "Bearer Atza|token"
    # A default of the tool.
    assert b"en-US" in request.content


async def test_browser_use_lists_sessions(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"sessions": [{"id": "s1"}], "total": 1})
    result = await _call(host, "browser_use", "list_sessions", {"page_size": 1})
    assert result.success, result
    (request,) = httpx_mock.get_requests()
    assert request.headers["X-Browser-Use-API-Key"] == KEY
    assert request.url.params["page_size"] == "1"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("airweave", "search", {"query": "plans"}), "collection_id: is required"),
        (
            ("airweave", "search", {"collection_id": "a", "query": "b", "limit": "many"}),
            "limit: must be a whole number",
        ),
        (("airweave", "search", {"collection_id": "a", "query": "b", "limt": 1}), "did you mean 'limit'?"),
        (("airweave", "search", {"collection_id": "a", "query": "b", "api_key": "k"}), "api_key: is not a parameter"),
        (("amazon_alexa", "simulate_skill", {"skill_id": 5}), "skill_id: must be text"),
        (("amazon_alexa", "get_simulation_results", ALEXA | {"auth_data": {}}), "auth_data: is not a parameter"),
        (("browser_use", "list_sessions", {"page_size": []}), "page_size: must be a whole number"),
        (("browser_use", "get_session", {}), "session_id: is required"),
    ],
)
async def test_a_bad_input_is_refused_before_any_request(
    host: Runtime, httpx_mock: HTTPXMock, asked: tuple[str, str, dict[str, Any]], message: str
) -> None:
    integration, action, arguments = asked
    credential = {"access_token": "token"} if integration == "amazon_alexa" else {"api_key": KEY}
    error = _failure(await _call(host, integration, action, arguments, **credential))
    assert error.code is ErrorCode.INVALID_INPUT
    assert message in error.message
    assert httpx_mock.get_requests() == []


async def test_without_a_credential_nothing_is_sent(host: Runtime, httpx_mock: HTTPXMock) -> None:
    result = await host.call("modulex_tools_airweave", "search", {"collection_id": "a", "query": "b"})
    error = _failure(result)
    assert error.code is ErrorCode.MISSING_CREDENTIAL
    assert "AIRWEAVE_API_KEY" in error.message
    assert httpx_mock.get_requests() == []


async def test_a_public_service_needs_none(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"hits": [], "nbHits": 0})
    result = await host.call("modulex_tools_hackernews", "search_stories", {"keyword": "memory"})
    assert result.success, result


async def test_an_error_that_a_tool_returns_is_reported_without_the_key(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=401, text=f"no such key: {KEY}")
    error = _failure(await _call(host, "airweave", "search", {"collection_id": "a", "query": "b"}))
    assert error.code is ErrorCode.SERVICE_ERROR
    assert "401" in error.message
    assert KEY not in error.message
    assert error.retryable is False


async def test_a_key_that_a_service_echoes_in_its_reply_is_masked(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"results": [{"metadata": {"seen": [f"key {KEY}"]}}], "completion": KEY})
    result = await _call(host, "airweave", "search", {"collection_id": "a", "query": "b"})
    assert result.success
    assert "key **********" in str(result.output)
    assert KEY not in str(result.output)


async def test_no_log_shows_a_key_in_a_url(
    host: Runtime, httpx_mock: HTTPXMock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    httpx_mock.add_response(json={"ok": True, "result": {"id": 1}})
    token = "1234:secret/token"
    await _call(host, "telegram", "get_me", {}, api_key=token)
    assert httpx_mock.get_requests()
    assert "HTTP Request" in caplog.text
    assert "secret/token" not in caplog.text
    assert "secret%2Ftoken" not in caplog.text


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "unauthorized"), (403, "forbidden"), (404, "not_found"), (429, "rate_limited"), (500, "service_error")],
)
async def test_a_status_that_a_tool_raises_gets_its_code(
    host: Runtime, httpx_mock: HTTPXMock, status: int, code: str
) -> None:
    httpx_mock.add_response(status_code=status, json={"message": "because"}, headers={"Retry-After": "7"})
    asked = {"owner": "o", "repo": "r"}
    error = _failure(await _call(host, "github", "get_repository", asked, token="ghp_0123456789"))
    assert (error.code, error.http_status) == (code, status)
    assert "because" in error.message
    assert error.retry_after == (7 if status == 429 else None)


async def test_a_connection_failure_that_a_tool_raises_gets_its_code(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_exception(httpx.ConnectError("no route"))
    asked = {"owner": "o", "repo": "r"}
    error = _failure(await _call(host, "github", "get_repository", asked, token="ghp_0123456789"))
    assert error.code is ErrorCode.CONNECTION_FAILED


async def test_a_call_whose_reply_is_lost_may_have_succeeded(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_exception(httpx.ReadTimeout("too late"))
    error = _failure(await _call(host, "github", "delete_repository", {"owner": "o", "repo": "r"}, token="ghp_0123"))
    assert (error.code, error.retryable) == (ErrorCode.OUTCOME_UNKNOWN, False)


async def test_a_defect_of_a_tool_becomes_a_defined_result(host: Runtime, httpx_mock: HTTPXMock) -> None:
    """ModuleX's own Mem0 raises on a numeric id."""
    httpx_mock.add_response(json={"results": [{"id": 12345, "memory": "Likes pizza"}]})
    error = _failure(await _call(host, "mem0", "search_memories", {"user_id": "alice", "query": "food"}))
    assert error.code is ErrorCode.INTERNAL
    assert "ValidationError" in error.message


async def test_the_same_reply_through_our_integration_succeeds(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"results": [{"id": 12345, "memory": "Likes pizza", "user_id": "alice"}]})
    result = await host.call(
        "mem0", "search_memories", {"user_id": "alice", "query": "food"}, credential={"api_key": KEY}
    )
    assert (result.success, result.output["ids"]) == (True, ["12345"])


async def _connection_test(host: Runtime, integration: str, **credential: str) -> ErrorCode | None:
    result = await host.test_credential(f"modulex_tools_{integration}", credential=credential)
    return result.error.code if result.error else None


async def test_a_connection_test_with_a_header(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url="https://api.airweave.ai/collections", json=[])
    assert await _connection_test(host, "airweave", api_key="the-key") is None
    assert httpx_mock.get_requests()[0].headers["x-api-key"] == "the-key"


async def test_a_connection_test_with_a_refused_key(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=401)
    assert await _connection_test(host, "airweave", api_key="the-key") is ErrorCode.UNAUTHORIZED


async def test_a_connection_test_with_basic_authentication(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url="https://api.mailgun.net/v3/domains", json={"items": []})
    assert await _connection_test(host, "mailgun", api_key="the-key") is None
    # base64 of `api:the-key`.
    assert httpx_mock.get_requests()[0].headers["Authorization"] == "Basic YXBpOnRoZS1rZXk="


async def test_a_value_in_the_host_must_be_a_part_of_a_name(host: Runtime, httpx_mock: HTTPXMock) -> None:
    assert await _connection_test(host, "freshdesk", domain="evil.test/", api_key="the-key") is ErrorCode.INVALID_INPUT
    assert httpx_mock.get_requests() == []


async def test_a_value_in_the_path_is_encoded(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url="https://api.telegram.org/bot1%3A2%2F3/getMe", json={"ok": True, "result": {}})
    assert await _connection_test(host, "telegram", api_key="1:2/3") is None


async def test_a_value_in_the_query_adds_no_parameter(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"databases": []})
    assert await _connection_test(host, "nasdaq", api_key="a&b=c") is None
    assert dict(httpx_mock.get_requests()[0].url.params) == {"api_key": "a&b=c", "per_page": "1"}


async def test_a_field_that_the_reply_must_have(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"data": {"viewer": None}})
    assert await _connection_test(host, "linear", api_key="the-key") is ErrorCode.BAD_RESPONSE
    httpx_mock.add_response(json={"data": {"viewer": {"id": "1"}}})
    assert await _connection_test(host, "linear", api_key="the-key") is None


async def test_an_address_that_is_not_encrypted_is_refused(host: Runtime, httpx_mock: HTTPXMock) -> None:
    error = await _connection_test(host, "qdrant", base_url="http://qdrant.example", api_key="the-key")
    assert error is ErrorCode.INVALID_INPUT
    assert httpx_mock.get_requests() == []


async def test_without_a_connection_test_it_is_unsupported(host: Runtime) -> None:
    assert await _connection_test(host, "crowdstrike", api_key="the-key") is ErrorCode.UNSUPPORTED
