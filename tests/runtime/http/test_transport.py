"""Transports: proxies that the environment names, and certificates that are verified."""

import ssl

import pytest
import trustme

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime, RuntimeSettings
from tests.helpers.calls import call, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply
from tests.helpers.tiny_integration import KEY, plugin


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
@pytest.mark.parametrize("prefix", ["http://", ""])
async def test_a_proxy_of_the_environment_is_used(
    runtime: Runtime, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, name: str, prefix: str
) -> None:
    with ScriptedServer() as proxy:
        monkeypatch.setenv(name, f"{prefix}127.0.0.1:{proxy.port}")
        proxy.script(json_reply({"by": "proxy"}))
        result = await call(runtime, "fetch", server=server)
    assert result.output["value"] == {"by": "proxy"}
    assert proxy.requests[0].target == f"{server.url}/things/"
    assert server.connections == 0


@pytest.mark.parametrize("hosts", ["127.0.0.1", "example.test, 127.0.0.1", "*", "127.0.0.1:{port}"])
async def test_no_proxy_is_honoured(
    runtime: Runtime, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, hosts: str
) -> None:
    server.script(json_reply({}))
    with ScriptedServer() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", hosts.format(port=server.port))
        assert (await call(runtime, "fetch", server=server)).success
        assert proxy.connections == 0


async def test_the_environment_can_be_distrusted(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ssl_cert_file", "/nowhere")
    server.script(json_reply({}))
    async with Runtime(RuntimeSettings(trust_env=False), plugins=[plugin()]) as runtime:
        assert (await call(runtime, "fetch", server=server)).success


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_https_goes_through_a_tunnel_and_a_refused_one_changed_nothing(
    runtime: Runtime, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.setenv("https_proxy", server.url)
    server.script(reply(407))
    credential = {"api_key": KEY, "base_url": "https://service.invalid"}
    error = failure(await runtime.call("tiny", action, {}, credential=credential))
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert server.requests[0].method == "CONNECT"
    assert server.requests[0].target == "service.invalid:443"
    assert all(KEY not in f"{request}" for request in server.requests)


@pytest.mark.parametrize("action", ["fetch", "change"])
@pytest.mark.parametrize(
    "setting",
    [
        ("http_proxy", "gopher://127.0.0.1:9"),
        ("http_proxy", "http://[::1"),
        ("http_proxy", "socks5://127.0.0.1:9"),
        ("SSL_CERT_FILE", "/nowhere/at/all.pem"),
    ],
)
async def test_an_unusable_environment_is_reported_and_nothing_is_sent(
    runtime: Runtime, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, action: str, setting: tuple[str, str]
) -> None:
    monkeypatch.setenv(*setting)
    # Certificates are read only for addresses that need them.
    url = server.url.replace("http:", "https:") if setting[0] == "SSL_CERT_FILE" else server.url
    error = failure(await runtime.call("tiny", action, {}, credential={"api_key": KEY, "base_url": url}))
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert "environment" in error.message
    assert server.connections == 0


def _serving(authority: trustme.CA, name: str) -> ScriptedServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return ScriptedServer(tls=context)


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_certificate_of_an_unknown_authority_is_refused(
    runtime: Runtime, authority: trustme.CA, action: str
) -> None:
    with _serving(authority, "127.0.0.1") as server:
        server.script(json_reply({}))
        error = failure(await call(runtime, action, server=server))
        assert server.requests == []
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert "certificate" in error.message.lower()


async def test_a_certificate_for_another_name_is_refused(runtime: Runtime, trusted: trustme.CA) -> None:
    with _serving(trusted, "other.invalid") as server:
        server.script(json_reply({}))
        error = failure(await call(runtime, "change", server=server))
        assert server.requests == []
    assert error.code is ErrorCode.CONNECTION_FAILED


async def test_a_certificate_that_the_operator_trusts_is_accepted(runtime: Runtime, trusted: trustme.CA) -> None:
    with _serving(trusted, "127.0.0.1") as server:
        server.script(json_reply({"a": 1}))
        assert (await call(runtime, "change", server=server)).output["value"] == {"a": 1}
