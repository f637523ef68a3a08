"""Every action with generated inputs against generated replies: no exception, no bad output, no secret, no detour."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modulex_mem0.runtime import Runtime
from tests.helpers.scripted_server import Request, ScriptedServer, Step
from tests.helpers.steps import raw, reply, reset
from tests.mem0.client import KEY, NAMES, check, example_input
from tests.mem0.strategies import GOOD_BODIES, HEADERS, ODD_BODIES, STATUSES, inputs

PREFIXES = ("/v1/", "/v2/", "/v3/")
DEADLINE = 0.5
# How a reply can give the key back, as it arrived or as JSON may spell it.
ECHOES = [
    '{"error": "bad key %s"}',
    '{"detail": ["%s"]}',
    '{"%s": ["no such field"]}',
    '{"results": [{"id": "%s", "user_id": "alice", "memory": "%s", "metadata": {"%s": "%s"}}], "next": "%s"}',
    '{"id": "%s", "user_id": "alice", "memory": "%s", "status": "%s", "message": "%s", "event_id": "%s"}',
    '[{"user_id": "alice", "id": "%s", "summary": "%s"}]',
    "<html>%s",
    "%s",
]
SPELLINGS = [
    KEY,
    f"Token {KEY}",
    "".join(f"\\u{ord(character):04x}" for character in KEY),
    "".join(f"\\u{ord(c):04X}" if index % 3 else c for index, c in enumerate(KEY)),
]


@dataclass(frozen=True)
class Servers:
    """The service, and a server that no request may reach."""

    mem0: ScriptedServer
    elsewhere: ScriptedServer


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with ScriptedServer() as mem0, ScriptedServer() as elsewhere:
        elsewhere.script(reply(200, b"{}"))
        yield Servers(mem0, elsewhere)


def stays(server: ScriptedServer, request: Request) -> bool:
    """Whether a request is one that the integration may send."""
    return (
        request.target.startswith(PREFIXES)
        and "//" not in request.target
        and "/../" not in request.target
        and request.headers["host"] == f"127.0.0.1:{server.port}"
        and request.headers["authorization"] == f"Token {KEY}"
    )


def echo(shape: str, spelling: str) -> bytes:
    return shape.replace("%s", spelling).encode()


@st.composite
def answers(draw: st.DrawFn) -> list[Step]:
    """One to four replies; the last is for all further requests."""

    def one() -> Step:
        kind = draw(st.integers(0, 19))
        if kind == 19:
            return reset
        if kind == 18:
            return raw(draw(ODD_BODIES))
        headers = dict(draw(HEADERS))
        if kind == 17:
            headers["X-Key"] = KEY
            body = echo(draw(st.sampled_from(ECHOES)), draw(st.sampled_from(SPELLINGS)))
        else:
            body = draw(ODD_BODIES if kind > 13 else GOOD_BODIES)
        return reply(draw(STATUSES), body, headers)

    return [one() for _ in range(draw(st.integers(1, 4)))]


@pytest.mark.parametrize("action", NAMES)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_nothing_that_is_put_in_or_comes_back_breaks_a_call(
    host: Runtime, servers: Servers, action: str, data: st.DataObject
) -> None:
    given_input = data.draw(inputs(action))
    servers.mem0.script(*data.draw(answers()))
    credential = {"api_key": KEY, "base_url": servers.mem0.url}
    result = host.call_sync("mem0", action, given_input, credential=credential, timeout=DEADLINE)
    check(action, result, KEY)
    assert all(stays(servers.mem0, request) for request in servers.mem0.requests)
    assert servers.elsewhere.requests == []


@pytest.mark.parametrize("status", [200, 302, 400])
@pytest.mark.parametrize("spelling", range(len(SPELLINGS)))
@pytest.mark.parametrize("action", NAMES)
def test_a_reply_that_echoes_the_key_does_not_give_it_away(
    host: Runtime, servers: Servers, caplog: pytest.LogCaptureFixture, *, action: str, spelling: int, status: int
) -> None:
    caplog.set_level("DEBUG")
    given_input = example_input(action)
    for shape in ECHOES:
        servers.mem0.script(reply(status, echo(shape, SPELLINGS[spelling]), {"X-Key": KEY, "Location": f"/{KEY}"}))
        credential = {"api_key": KEY, "base_url": servers.mem0.url}
        check(action, host.call_sync("mem0", action, given_input, credential=credential, timeout=DEADLINE), KEY)
    assert KEY not in caplog.text


@pytest.mark.parametrize("action", NAMES)
def test_an_address_in_a_reply_is_never_followed(host: Runtime, servers: Servers, action: str) -> None:
    away = servers.elsewhere.url
    body = (
        f'{{"results": [{{"id": "m-1", "user_id": "alice"}}], "next": "{away}/v3/memories/?page=2", "user_id": "alice",'
        f' "id": "{away}", "event_id": "//127.0.0.1:{servers.elsewhere.port}/", "status": "PENDING"}}'
    ).encode()
    given_input = example_input(action)
    if action in ("add_memories", "get_event"):
        given_input |= {"wait_timeout": 0.3, "wait_for_completion" if action == "add_memories" else "wait": True}
    if action == "get_memories":
        given_input["return_all"] = True
    credential = {"api_key": KEY, "base_url": servers.mem0.url}
    for status in (200, 301, 302, 307, 308):
        servers.mem0.script(reply(status, body, {"Location": f"{away}/v1/ping/"}))
        check(action, host.call_sync("mem0", action, given_input, credential=credential, timeout=DEADLINE), KEY)
        assert all(stays(servers.mem0, request) for request in servers.mem0.requests)
    assert servers.elsewhere.requests == []
