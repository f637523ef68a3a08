"""Transports: proxies that the environment names, and certificates that are verified."""

import asyncio
import gc
import ssl
import subprocess
import sys

import httpx
import pytest
import trustme

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime, RuntimeSettings, TransportName
from tests.helpers.calls import call, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply
from tests.helpers.tiny_integration import KEY, plugin

PROXIES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
async def test_loopback_never_goes_through_a_proxy(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, name: str, host: str
) -> None:
    with ScriptedServer() as proxy, ScriptedServer(host="127.0.0.1" if host == "localhost" else host) as server:
        proxy.script(json_reply({"by": "proxy"}))
        server.script(json_reply({"by": "server"}))
        monkeypatch.setenv(name, proxy.url)
        shown = f"[{host}]" if ":" in host else host
        credential = {"api_key": KEY, "base_url": f"http://{shown}:{server.port}"}
        result = await runtime.call("tiny", "change", {}, credential=credential)
        assert result.output["value"] == {"by": "server"}
        assert proxy.connections == 0


@pytest.mark.parametrize("name", PROXIES[2:])
async def test_https_to_loopback_goes_through_no_proxy_either(
    runtime: Runtime, trusted: trustme.CA, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with ScriptedServer() as proxy, _serving(trusted, "127.0.0.1") as server:
        proxy.script(reply(407))
        server.script(json_reply({}))
        monkeypatch.setenv(name, proxy.url)
        assert (await call(runtime, "fetch", server=server)).success
        assert proxy.connections == 0


async def test_the_environment_can_be_distrusted(
    transport: TransportName, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", server.url)
    monkeypatch.setenv("ssl_cert_file", "/nowhere")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    server.script(json_reply({}))
    async with Runtime(RuntimeSettings(trust_env=False, transport=transport), plugins=[plugin()]) as runtime:
        assert (await call(runtime, "fetch", server=server)).success
        # Nothing is reached here, but the certificates of the environment are not what fails.
        credential = {"api_key": KEY, "base_url": "https://service.invalid"}
        error = failure(await runtime.call("tiny", "change", {}, credential=credential))
    assert (error.code, error.retryable) == (ErrorCode.CONNECTION_FAILED, True)
    assert "environment" not in error.message
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "setting",
    [(name, prefix) for name in PROXIES[2:] for prefix in ("http://", "")],
    ids="".join,
)
@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_https_goes_through_a_tunnel_and_a_refused_one_changed_nothing(
    runtime: Runtime, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, action: str, setting: tuple[str, str]
) -> None:
    name, prefix = setting
    monkeypatch.setenv(name, f"{prefix}127.0.0.1:{server.port}")
    server.script(reply(407))
    credential = {"api_key": KEY, "base_url": "https://service.invalid"}
    error = failure(await runtime.call("tiny", action, {}, credential=credential))
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert server.requests[0].method == "CONNECT"
    assert server.requests[0].target == "service.invalid:443"
    assert all(KEY not in f"{request}" for request in server.requests)


@pytest.mark.parametrize("hosts", ["service.invalid", "example.test, .invalid", "*", "service.invalid:443"])
async def test_no_proxy_is_honoured(
    runtime: Runtime, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, hosts: str
) -> None:
    server.script(reply(407))
    monkeypatch.setenv("https_proxy", server.url)
    monkeypatch.setenv("no_proxy", hosts)
    credential = {"api_key": KEY, "base_url": "https://service.invalid"}
    assert failure(await runtime.call("tiny", "change", {}, credential=credential)).retryable
    assert server.connections == 0


@pytest.mark.parametrize("action", ["fetch", "change"])
@pytest.mark.parametrize(
    "setting",
    [
        ("https_proxy", "gopher://127.0.0.1:9"),
        ("https_proxy", "http://[::1"),
        ("https_proxy", "socks5://127.0.0.1:9"),
        ("SSL_CERT_FILE", "/nowhere/at/all.pem"),
    ],
)
async def test_an_unusable_environment_is_reported_and_nothing_is_sent(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, action: str, setting: tuple[str, str]
) -> None:
    monkeypatch.setenv(*setting)
    credential = {"api_key": KEY, "base_url": "https://service.invalid"}
    error = failure(await runtime.call("tiny", action, {}, credential=credential))
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert "environment" in error.message


@pytest.mark.parametrize("host", ["xn--localhost", "a" * 64 + ".test", "a..b", "[::1", "%zz", "service.0x7"])
@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_an_address_that_no_library_accepts_is_an_error_and_not_a_traceback(
    runtime: Runtime, action: str, host: str
) -> None:
    credential = {"api_key": KEY, "base_url": f"https://{host}"}
    error = failure(await runtime.call("tiny", action, {}, credential=credential))
    assert error.code in (ErrorCode.INVALID_INPUT, ErrorCode.CONNECTION_FAILED)


async def test_what_stands_in_for_httpxs_own_transport_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    # As the tools for tests do, such as pytest-httpx: their replies come from no connection.
    asked: list[str] = []

    async def answer(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url}")
        return httpx.Response(200, json={"by": "stand-in"})

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    async with Runtime(RuntimeSettings(transport="httpx"), plugins=[plugin()]) as runtime:
        result = await runtime.call("tiny", "fetch", {}, credential={"api_key": KEY})
    assert result.output["value"] == {"by": "stand-in"}
    assert asked == ["GET https://tiny.invalid/things/"]


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


@pytest.mark.parametrize("warm", [False, True], ids=["a new connection", "a kept connection"])
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
async def test_a_call_that_is_cancelled_at_any_step_leaves_no_connection_behind(
    trusted: trustme.CA, secure: bool, warm: bool
) -> None:
    # pyreqwest keeps the connection of a cancelled call whose reply arrives all the same: test_pool.py has it.
    settings = RuntimeSettings(transport="httpx", keepalive_expiry=60)
    steps = 40
    with _serving(trusted, "127.0.0.1") if secure else ScriptedServer() as server:
        server.script(json_reply({}))
        # What is only collected as garbage is closed too late.
        gc.disable()
        try:
            async with Runtime(settings, plugins=[plugin()]) as runtime:
                for turns in range(steps):
                    # Each credential has connections of its own.
                    bound = runtime.bind("tiny", credential={"api_key": f"{KEY}-{turns}", "base_url": server.url})
                    if warm:
                        assert (await bound.call("fetch", {})).success
                    cancelled = asyncio.create_task(bound.call("change", {}))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    cancelled.cancel()
                    await asyncio.wait({cancelled})
                    assert (await bound.call("fetch", {})).success
                # Each credential keeps the connection of its last call.
                await asyncio.to_thread(server.wait_until_left, but=steps)
        finally:
            gc.enable()


@pytest.mark.parametrize("closing", ["asyncio.run(runtime.aclose())", "pass"])
def test_a_program_that_ends_right_after_a_call_ends_well(
    transport: TransportName, server: ScriptedServer, closing: str
) -> None:
    server.script(json_reply({"status": "ok"}))
    program = (
        "import asyncio\nfrom modulex_mem0.runtime import Runtime, RuntimeSettings\n"
        f"credential = {{'api_key': {KEY!r}, 'base_url': {server.url!r}}}\n"
        f"runtime = Runtime(RuntimeSettings(transport={transport!r}))\n"
        "result = asyncio.run(runtime.call('mem0', 'check_connection', {}, credential=credential))\n"
        f"{closing}\nprint(result.success)"
    )
    # An extension's thread that needs the interpreter at its end aborts it, though not every time.
    for _ in range(6):
        ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
        assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "True", "")
