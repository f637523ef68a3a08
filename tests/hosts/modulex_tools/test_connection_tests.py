"""The Test button of a hosted integration."""

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")
pytest.importorskip("pytest_httpx", reason="the replies are scripted with pytest-httpx")

from pytest_httpx import HTTPXMock

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime


async def _test(host: Runtime, integration: str, **credential: str) -> ErrorCode | None:
    result = await host.test_credential(f"modulex_tools_{integration}", credential=credential)
    return result.error.code if result.error else None


async def test_a_header(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url="https://api.airweave.ai/collections", json=[])
    assert await _test(host, "airweave", api_key="the-key") is None
    assert httpx_mock.get_requests()[0].headers["x-api-key"] == "the-key"


async def test_a_refused_key(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=401)
    assert await _test(host, "airweave", api_key="the-key") is ErrorCode.UNAUTHORIZED


async def test_basic_authentication(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url="https://api.mailgun.net/v3/domains", json={"items": []})
    assert await _test(host, "mailgun", api_key="the-key") is None
    # base64 of `api:the-key`.
    assert httpx_mock.get_requests()[0].headers["Authorization"] == "Basic YXBpOnRoZS1rZXk="


async def test_a_value_within_the_host_is_a_part_of_a_name(host: Runtime, httpx_mock: HTTPXMock) -> None:
    assert await _test(host, "freshdesk", domain="evil.test/", api_key="the-key") is ErrorCode.INVALID_INPUT
    assert httpx_mock.get_requests() == []


async def test_a_value_within_the_path_is_encoded(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url="https://api.telegram.org/bot1%3A2%2F3/getMe", json={"ok": True, "result": {}})
    assert await _test(host, "telegram", api_key="1:2/3") is None


async def test_a_value_within_the_query_adds_no_parameter(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"databases": []})
    assert await _test(host, "nasdaq", api_key="a&b=c") is None
    assert dict(httpx_mock.get_requests()[0].url.params) == {"api_key": "a&b=c", "per_page": "1"}


async def test_a_field_that_the_reply_must_carry(host: Runtime, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"data": {"viewer": None}})
    assert await _test(host, "linear", api_key="the-key") is ErrorCode.BAD_RESPONSE
    httpx_mock.add_response(json={"data": {"viewer": {"id": "1"}}})
    assert await _test(host, "linear", api_key="the-key") is None


async def test_an_address_that_is_not_encrypted_is_refused(host: Runtime, httpx_mock: HTTPXMock) -> None:
    error = await _test(host, "qdrant", base_url="http://qdrant.example", api_key="the-key")
    assert error is ErrorCode.INVALID_INPUT
    assert httpx_mock.get_requests() == []


async def test_where_there_is_none_it_is_unsupported(host: Runtime) -> None:
    assert await _test(host, "crowdstrike", api_key="the-key") is ErrorCode.UNSUPPORTED
