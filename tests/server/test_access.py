"""Who may use the server: foreign hosts, origins and strangers are refused, and a page cannot be framed."""

import hmac
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from modulex_mem0.server import ServerSettings
from tests.server.conftest import TOKEN, Console, Start, serving


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One server for all: none of these requests leaves anything behind."""
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


PROTECTED = ("/v1/integrations", "/v1/credentials", "/v1/runs", "/openapi.json", "/nothing")


def _get(console: Console, path: str, **headers: str) -> httpx.Response:
    return httpx.get(
        console.url + path, headers={name.replace("_", "-"): value for name, value in headers.items()}, trust_env=False
    )


@pytest.mark.parametrize("path", PROTECTED)
def test_without_the_token_there_is_nothing(console: Console, path: str) -> None:
    nothing = _get(console, path)
    wrong = _get(console, path, Authorization="Bearer wrong")
    other = _get(console, path, Authorization=f"Basic {TOKEN}")
    assert [reply.status_code for reply in (nothing, wrong, other)] == [401, 401, 401]
    assert nothing.headers["www-authenticate"] == "Bearer"
    assert wrong.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert nothing.json() == {"success": False, "error": nothing.json()["error"]}


def test_mcp_and_actions_need_the_token_too(console: Console) -> None:
    for path in ("/mcp", "/v1/integrations/mem0/actions/get_memories", "/v1/integrations/mem0/test"):
        assert httpx.post(console.url + path, json={}, trust_env=False).status_code == 401
    assert httpx.put(console.url + "/v1/credentials/a", json={}, trust_env=False).status_code == 401


def test_whether_it_is_up_needs_no_token(console: Console) -> None:
    assert _get(console, "/health").json()["status"] == "ok"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil", ""])
def test_a_foreign_host_is_refused(console: Console, host: str) -> None:
    for path in ("/", "/health", "/v1/runs"):
        reply = _get(console, path, Host=host, Authorization=f"Bearer {TOKEN}")
        # The parser refuses an empty one by itself.
        assert reply.status_code in ((403,) if host else (400, 403))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.1.2.3:9", "[::1]:8650"])
def test_this_machine_by_any_of_its_names_is_accepted(console: Console, host: str) -> None:
    assert _get(console, "/v1/runs", Host=host, Authorization=f"Bearer {TOKEN}").status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null", "http://localhost", ""])
def test_a_foreign_origin_is_refused(console: Console, origin: str) -> None:
    for path in ("/health", "/v1/runs"):
        assert _get(console, path, Origin=origin, Authorization=f"Bearer {TOKEN}").status_code == 403


def test_names_that_the_operator_allows_are_accepted(start: Start) -> None:
    with start(allowed_hosts=("memory.example",)) as console:
        headers = {"Host": "memory.example", "Origin": "https://memory.example", "Authorization": f"Bearer {TOKEN}"}
        assert _get(console, "/v1/runs", **headers).status_code == 200
        assert _get(console, "/v1/runs", **(headers | {"Host": "other.example"})).status_code == 403


def test_a_server_for_other_machines_takes_addresses_but_no_names(start: Start) -> None:
    with start(host="0.0.0.0") as console:  # noqa: S104 - what is tested
        url = f"http://127.0.0.1:{console.port}/health"
        for host, status in (("192.0.2.7:8650", 200), ("localhost", 200), ("rebound.example", 403)):
            assert httpx.get(url, headers={"Host": host}, trust_env=False).status_code == status


def test_the_printed_link_gives_a_cookie_and_hides_the_token(console: Console) -> None:
    with httpx.Client(base_url=console.url, trust_env=False) as browser:
        reply = browser.get("/", params={"token": TOKEN})
        assert (reply.status_code, reply.headers["location"]) == (303, "/")
        cookie = reply.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert TOKEN not in cookie
        assert browser.get("/v1/runs").status_code == 200
        # What changes something must come from the page itself.
        body = {"integration": "tiny", "values": {"api_key": "tk-0123456789"}}
        assert browser.put("/v1/credentials/a", json=body).status_code == 403
        other = {"Origin": f"http://127.0.0.1:{console.port + 1}"}
        assert browser.put("/v1/credentials/a", json=body, headers=other).status_code == 403
        assert browser.put("/v1/credentials/a", json={}, headers={"Origin": console.url}).status_code == 422
        # The cookie is no token.
        name, _, value = cookie.partition(";")[0].partition("=")
        assert _get(console, "/v1/runs", Authorization=f"Bearer {value}").status_code == 401
        assert _get(console, "/v1/runs", Cookie=f"{name}=wrong").status_code == 401


def test_a_wrong_link_gives_no_cookie(console: Console) -> None:
    reply = _get(console, "/?token=wrong")
    assert reply.status_code == 303
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("body", ['{"token": "wrong"}', '{"token": 5}', "[]", "{", "", '{"token": "\\ud800"}'])
def test_the_token_can_be_entered_on_the_page_and_nothing_else(console: Console, body: str) -> None:
    headers = {"Origin": console.url}
    entered = httpx.post(f"{console.url}/session", json={"token": TOKEN}, headers=headers, trust_env=False)
    assert entered.status_code == 200
    assert "HttpOnly" in entered.headers["set-cookie"]
    refused = httpx.post(f"{console.url}/session", content=body, headers=headers, trust_env=False)
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers


def test_tokens_are_compared_in_constant_time(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return left == right

    monkeypatch.setattr(hmac, "compare_digest", compare)
    _get(console, "/v1/runs", Authorization="Bearer wrong")
    _get(console, "/?token=wrong")
    assert compared == [(b"wrong", TOKEN.encode())] * 2


def test_every_reply_forbids_framing_sniffing_and_foreign_content(console: Console, client: httpx.Client) -> None:
    for reply in (client.get("/health"), client.get("/nothing"), _get(console, "/v1/runs"), client.get("/")):
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["x-frame-options"] == "DENY"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in reply.headers
        assert "server" not in reply.headers


@pytest.mark.parametrize("settings", [{"token": "short"}, {"token": "with a space in it all"}, {"port": 70000}])
def test_settings_that_cannot_be_used(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        ServerSettings(**settings)


def test_a_made_token_is_long_and_not_shown() -> None:
    settings = ServerSettings()
    assert len(settings.token) >= 40
    assert settings.token != ServerSettings().token
    assert settings.token not in repr(settings)
