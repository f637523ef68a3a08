"""Credentials: where they come from, and which are refused, always without showing them."""

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from modulex_mem0.contract import CredentialField, ErrorCode, ErrorInfo
from modulex_mem0.runtime import Runtime
from modulex_mem0.runtime.credentials import resolve_credential
from tests.helpers.calls import credential_for, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import KEY, plugin, profile, scheme

OTHER = "tk-the-other-key"


async def _sent_key(runtime: Runtime, server: ScriptedServer, credential: Any) -> str:
    server.script(json_reply({}))
    result = await runtime.call("tiny", "fetch", {}, credential=credential)
    assert result.success, result.error
    return server.requests[0].headers["x-tiny-key"]


async def _refused(runtime: Runtime, credential: Any) -> ErrorInfo:
    result = await runtime.call("tiny", "fetch", {}, credential=credential)
    error = failure(result)
    assert error.retryable is False
    assert "tk-" not in f"{result} {error.line}"
    return error


@pytest.mark.parametrize(
    "given_key", [KEY, SecretStr(KEY), f"  {KEY}\n", f"\r\n\t{KEY} ", f"\u00a0{KEY}\u2003", SecretStr(f"{KEY}\n")]
)
@pytest.mark.parametrize("name", ["api_key", "TINY_API_KEY"])
async def test_a_given_key_is_trimmed_and_sent(
    runtime: Runtime, server: ScriptedServer, given_key: Any, name: str
) -> None:
    assert await _sent_key(runtime, server, {name: given_key, "TINY_BASE_URL": server.url}) == KEY


async def test_the_environment_is_read_when_nothing_is_given(
    runtime: Runtime, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_API_KEY", f"{KEY}\n")
    monkeypatch.setenv("TINY_BASE_URL", f"{server.url}/")
    assert await _sent_key(runtime, server, None) == KEY


@pytest.mark.parametrize("given", [{}, {"api_key": None}, {"api_key": ""}, {"api_key": " \n"}])
async def test_the_environment_never_completes_a_given_credential(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    monkeypatch.setenv("TINY_API_KEY", KEY)
    error = await _refused(runtime, given)
    assert error.code is ErrorCode.MISSING_CREDENTIAL


async def test_a_given_key_is_never_sent_to_an_address_of_the_environment(
    runtime: Runtime, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer() as elsewhere:
        elsewhere.script(json_reply({}))
        monkeypatch.setenv("TINY_BASE_URL", elsewhere.url)
        monkeypatch.setenv("TINY_API_KEY", OTHER)
        assert await _sent_key(runtime, server, credential_for(server)) == KEY
        # With the key alone the default address is used, which does not exist.
        assert not (await runtime.call("tiny", "fetch", {}, credential={"api_key": KEY}, timeout=2)).success
        assert elsewhere.connections == 0


@pytest.mark.parametrize("given", [None, {}, {"base_url": "https://tiny.invalid"}])
async def test_the_error_for_a_missing_key_has_its_names(runtime: Runtime, given: Any) -> None:
    error = await _refused(runtime, given)
    assert error.code is ErrorCode.MISSING_CREDENTIAL
    assert "API key" in error.message
    assert "TINY_API_KEY" in error.message
    assert "api_key" in error.message


def _bearer(server: ScriptedServer) -> Runtime:
    header = scheme(headers={"Authorization": "Token {api_key}", "X-Site": "{base_url}"})
    server.script(json_reply({}))
    return Runtime(plugins=[plugin(auth_schemes=(header,))])


COPIED = [
    '"{}"',
    "'{}'",
    "`{}`",
    "\u201c{}\u201d",
    "Token {}",
    "token  {}",
    "TOKEN {}",
    "Bearer {}",
    "bearer {}\n",
    "Authorization: Token {}",
    "authorization:token {}",
    '"Authorization: Token {}"',
    "Token '{}'",
    "TINY_API_KEY={}",
    'export TINY_API_KEY="{}"',
    "tiny_api_key = '{}'",
    "\ufeff{}\u200b",
    ' " {} " ',
]


@pytest.mark.parametrize("copied", COPIED)
async def test_what_was_copied_along_with_a_key_is_left_out(server: ScriptedServer, copied: str) -> None:
    async with _bearer(server) as runtime:
        given = {"api_key": copied.replace("{}", KEY), "base_url": f'"{server.url}"'}
        assert (await runtime.call("tiny", "fetch", {}, credential=given)).success
        assert (await runtime.call("tiny", "fetch", {}, credential=given | {"api_key": SecretStr(KEY)})).success
    assert [request.headers["authorization"] for request in server.requests] == [f"Token {KEY}"] * 2


@pytest.mark.parametrize("nothing", ['""', "Token", "Bearer ", "Authorization:", "TINY_API_KEY=", "'Token '", "\u200b"])
async def test_what_is_left_of_nothing_is_a_missing_key(server: ScriptedServer, nothing: str) -> None:
    async with _bearer(server) as runtime:
        given = {"api_key": nothing, "base_url": server.url}
        error = failure(await runtime.call("tiny", "fetch", {}, credential=given))
    assert error.code is ErrorCode.MISSING_CREDENTIAL
    assert server.requests == []


@given(key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_a_key_is_changed_only_where_something_stands_around_it(lasting_server: ScriptedServer, key: str) -> None:
    plain = not (key.lower().startswith(("authorization:", "tiny_api_key=")) or key.lower() in ("token", "bearer"))
    quoted = len(key) > 1 and key[0] == key[-1] and key[0] in "\"'`"
    with _bearer(lasting_server) as runtime:
        given = {"api_key": key, "base_url": lasting_server.url}
        result = runtime.call_sync("tiny", "fetch", {}, credential=given)
    if plain and not quoted:
        assert result.success
        assert lasting_server.requests[0].headers["authorization"] == f"Token {key}"


async def test_a_value_that_no_header_holds_by_itself_is_left_as_it_is(server: ScriptedServer) -> None:
    password = "'Bearer of \"news\"'"
    server.script(json_reply({}))
    declared = scheme(headers={"X-Pair": "user:{api_key};{base_url}"})
    async with Runtime(plugins=[plugin(auth_schemes=(declared,))]) as runtime:
        given = {"api_key": password, "base_url": server.url}
        assert (await runtime.call("tiny", "fetch", {}, credential=given)).success
    assert server.requests[0].headers["x-pair"] == f"user:{password};{server.url}"


@pytest.mark.parametrize("between", ["\n", "\r\n", "\r"])
async def test_a_key_with_a_line_break_in_it_is_refused_with_the_fix(runtime: Runtime, between: str) -> None:
    error = await _refused(runtime, {"api_key": f"tk-a{between}b"})
    assert error.message.endswith("has a line break in it; copy it again from where it was issued, as one line")


async def test_a_value_that_the_environments_encoding_cannot_hold_is_refused_as_such(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environb, b"TINY_API_KEY", b"tk-\xe4\xff")
    error = await _refused(runtime, None)
    assert error.code is ErrorCode.INVALID_INPUT
    assert f"not valid text in this environment's encoding, {sys.getfilesystemencoding()}" in error.message
    assert "control" not in error.message


class _Vault(Mapping[str, str]):
    """A mapping that is read over a network, for example."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getitem__(self, key: str) -> str:
        raise self._error

    def __iter__(self) -> Iterator[str]:
        return iter(["api_key"])

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    "error", [ConnectionError("tk-down"), SystemExit(3), KeyError("tk-x"), GeneratorExit()], ids=repr
)
async def test_a_credential_that_cannot_be_read_is_refused(runtime: Runtime, error: BaseException) -> None:
    refused = await _refused(runtime, _Vault(error))
    assert refused.line == f"invalid_input: credential: reading it failed with {type(error).__name__}"
    tested = await runtime.test_credential("tiny", credential=_Vault(error))
    assert failure(tested).line == refused.line


async def test_a_credential_whose_names_are_not_text_is_refused(runtime: Runtime) -> None:
    for name in (None, 7, b"api_key"):
        error = await _refused(runtime, {name: "tk-key"})
        assert error.line == "invalid_input: credential: the names of its fields must be text"


@given(bad=st.text(min_size=1).filter(lambda text: not (text.isascii() and text.isprintable()) and text.strip()))
async def test_a_key_with_odd_characters_is_refused(bad: str) -> None:
    async with Runtime(plugins=[plugin()]) as runtime:
        error = await _refused(runtime, {"api_key": f"tk-{bad}-tk"})
    assert error.code is ErrorCode.INVALID_INPUT
    assert "copy it again" in error.message


@pytest.mark.parametrize("given", [b"tk-key", ["tk-key"], 7, SecretStr("tk-key")])
async def test_a_credential_that_is_not_a_mapping_is_refused(runtime: Runtime, given: Any) -> None:
    assert (await _refused(runtime, given)).code is ErrorCode.INVALID_INPUT


@pytest.mark.parametrize("value", [7, b"tk-key", ["tk-key"], {"tk-key": 1}, True])
async def test_a_key_that_is_not_text_is_refused(runtime: Runtime, value: Any) -> None:
    error = await _refused(runtime, {"api_key": value})
    assert error.line == "invalid_input: credential.api_key: must be text"


@pytest.mark.parametrize(
    ("name", "hint"), [("apikey", "'api_key'"), ("baseurl", "'base_url'"), ("tk-secret", "known:")]
)
async def test_an_unknown_field_is_refused_with_a_suggestion(runtime: Runtime, name: str, hint: str) -> None:
    error = await _refused(runtime, {"api_key": KEY, name: "tk-value"})
    assert error.code is ErrorCode.INVALID_INPUT
    assert hint in error.message


@pytest.mark.parametrize("around", ['"', "Token "])
def test_a_value_that_is_too_long_to_be_copied_is_taken_as_it_is(around: str) -> None:
    # Taken off one by one, these would hold up all calls for minutes.
    value = around * 1_000_000 + KEY + around.strip()
    resolved = resolve_credential(profile(), {"api_key": value})
    assert resolved is not None
    assert resolved.plain()["api_key"] == value


@pytest.mark.parametrize("other", [OTHER, "", SecretStr(f"{KEY} ")], ids=["another", "blank", "with a blank"])
async def test_a_field_under_both_of_its_names_must_be_the_same(
    runtime: Runtime, server: ScriptedServer, other: Any
) -> None:
    both = {"api_key": KEY, "base_url": server.url, "TINY_API_KEY": KEY}
    assert await _sent_key(runtime, server, both) == KEY
    error = await _refused(runtime, {**both, "TINY_API_KEY": other})
    assert error.line == "invalid_input: credential.api_key: is given twice, with two values; give it once"


GOOD_URLS = ["https://a.test", "https://a.test:8443/x/", "HTTPS://A.test", "http://127.0.0.1:1", "http://localhost/"]
GOOD_URLS += ["https://xn--bcher-kva.test", "https://a_b.test", "https://" + "a" * 63 + ".test", "https://a.test."]
GOOD_URLS += [
    "http://[::1]:8080",
    "http://127.8.9.1",
    "https://[2001:db8::1]/",
    "https://1.2.3.4:5",
    "https://1a.test",
    " https://a.test\n",
]

BAD_URLS = ["a.test", "ftp://a.test", "https://", "https:///x", "//a.test", "http://a.test", "http://10.0.0.1"]
BAD_URLS += ["http://localhost.evil.test", "http://127.0.0.1.evil.test", "http://0.0.0.0", "http://[::2]"]
BAD_URLS += ["https://user@a.test", "https://user:pw@a.test", "https://:pw@a.test", "https://@a.test"]
BAD_URLS += ["https://a.test?x=1", "https://a.test/?", "https://a.test#f", "https://a.test#", "https://a.test/?#"]
BAD_URLS += [
    "https://a.test/../x",
    "https://a.test/%2e%2E/",
    "https://a.test/.",
    "https://a.test\\@b.test",
    "https://a b",
]
BAD_URLS += [
    "https://a.test:99999",
    "https://a.test:x",
    "https://[::1",
    "javascript:alert(1)",
    "https://ä.test",
    "file:///",
]
BAD_URLS += [
    "https://xn--localhost",
    "https://" + "a" * 64 + ".test",
    "https://a..b",
    "https://.test",
    "https://-a.test",
]
BAD_URLS += [
    "https://" + "a." * 130 + "test",
    "https://xn--.test",
    "https://xn--a",
    "https://[::1::]",
    "https://a-.test",
]
BAD_URLS += ["http://127.0.0.1@evil.test", "http://evil.test#127.0.0.1", "https://1.2.3.400"]


@pytest.mark.parametrize("url", GOOD_URLS)
async def test_a_good_address_is_taken(runtime: Runtime, url: str) -> None:
    result = await runtime.call("tiny", "fetch", {"path": "not-sent"}, credential={"api_key": KEY, "base_url": url})
    # The request itself is refused for its path, so that nothing is sent anywhere.
    assert "path that is not safe" in failure(result).message


@pytest.mark.parametrize("url", BAD_URLS)
async def test_a_bad_address_is_refused(runtime: Runtime, url: str) -> None:
    error = await _refused(runtime, {"api_key": KEY, "base_url": url})
    assert error.code is ErrorCode.INVALID_INPUT
    assert "evil" not in error.message
    assert "pw" not in error.message


@pytest.mark.parametrize("host", ["[v1.a:b]", "xn--a", "a..b", "1.2.3.4.5", "256.1.1.1", "127.1", "[fe80::1%25eth0]"])
async def test_an_address_whose_host_nobody_can_read_is_refused_for_its_host(runtime: Runtime, host: str) -> None:
    error = await _refused(runtime, {"api_key": KEY, "base_url": f"https://{host}"})
    assert error.message.endswith("has a host name that no service can have; check it for typing errors")


async def test_ipv6_loopback_is_reached(runtime: Runtime) -> None:
    try:
        server = ScriptedServer(host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        assert await _sent_key(runtime, server, credential_for(server)) == KEY


async def test_the_first_scheme_that_is_complete_is_taken(server: ScriptedServer) -> None:
    token = CredentialField(
        name="token", display_name="Token", description="T.", environment_variable="TINY_TOKEN", sensitive=True
    )
    second = scheme(
        fields=(token, scheme().fields[1]), headers={"Authorization": "Bearer {token}"}, type="bearer_token"
    )
    server.script(json_reply({}))
    async with Runtime(plugins=[plugin(auth_schemes=(scheme(), second))]) as runtime:
        credential = {"token": "tk-token", "base_url": server.url}
        assert (await runtime.call("tiny", "fetch", {}, credential=credential)).success
        assert failure(await runtime.call("tiny", "fetch", {}, credential={})).code is ErrorCode.MISSING_CREDENTIAL
    assert server.requests[0].headers["authorization"] == "Bearer tk-token"


async def test_an_integration_without_schemes_needs_no_credential_and_reaches_nothing() -> None:
    async with Runtime(plugins=[plugin(auth_schemes=())]) as runtime:
        error = failure(await runtime.call("tiny", "fetch", {}))
    assert error.code is ErrorCode.INTERNAL
    assert "no authentication scheme" in error.message
