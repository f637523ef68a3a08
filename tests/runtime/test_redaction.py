"""The key is sent to its service and appears nowhere else."""

import asyncio
import io
import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from modulex_mem0.contract import ActionError, Context, ErrorCode, action
from modulex_mem0.runtime import Runtime, RuntimeSettings, RuntimeUsageError
from modulex_mem0.runtime.credentials import resolve_credential
from modulex_mem0.runtime.redaction import MASK, Redactor, mask_logs
from tests.helpers.calls import call
from tests.helpers.scripted_server import ScriptedServer, Step
from tests.helpers.steps import hang, json_reply, raw, reply, reset
from tests.helpers.tiny_integration import KEY, SendInput, SendOutput, fetch, plugin, profile


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any library logs, down to DEBUG, tracebacks included."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in text)


ECHOES = {
    "in a body": json_reply({"you_sent": KEY, "all": {KEY: [f"Token {KEY}!"]}}),
    "escaped": reply(200, f'{{"you_sent": "{_escaped(KEY)}", "{_escaped(KEY)}": 1}}'.encode()),
    "escaped with capitals": reply(200, f'"{_escaped(KEY).upper().replace("U", "u")}"'.encode()),
    "half escaped": reply(200, f'"{_escaped(KEY[:5])}{KEY[5:]}"'.encode()),
    "in a header": json_reply({}, headers={"x-echo": f"Token {KEY}", "set-cookie": KEY}),
    "in an error": json_reply({"detail": f"bad key {KEY}"}, 401),
    "in an escaped error": reply(401, f'{{"detail": "{_escaped(KEY)}"}}'.encode()),
    "in an error cut in the middle": reply(400, f'{{"detail": "{"x" * 290}{_escaped(KEY)}"}}'.encode()),
    "in an error that is no JSON": reply(400, f"bad key {KEY}".encode()),
    "in an error that is broken JSON": reply(400, f'{{"detail": "{_escaped(KEY)}'.encode()),
    "in a page": reply(502, f"<html>{KEY}</html>".encode()),
    "in a redirect": reply(302, headers={"location": f"https://evil.test/?{KEY}"}),
    "in garbage": raw(f"HTTP/1.1 {KEY}\r\n\r\n".encode()),
    "in a broken header": raw(f"HTTP/1.1 200 OK\r\n{KEY}\r\n\r\n".encode()),
    "in a wait": reply(429, headers={"retry-after": KEY}),
    "nowhere": reset,
}


@pytest.mark.parametrize("place", ECHOES)
@pytest.mark.parametrize("name", ["fetch", "change"])
async def test_a_service_that_echoes_the_key_does_not_spread_it(
    runtime: Runtime, server: ScriptedServer, log: io.StringIO, place: str, name: str
) -> None:
    server.script(ECHOES[place])
    result = await call(runtime, name, server=server)
    for text in (repr(result), json.dumps(result.output), str(result.error), log.getvalue()):
        assert KEY not in text
        assert KEY[:8] not in text
        assert _escaped(KEY)[:24] not in text
    # The test would prove nothing if httpx's library had logged nothing, or the key had not been sent.
    assert runtime.settings.transport != "httpx" or "receive_response_headers" in log.getvalue()
    assert server.requests[0].headers["x-tiny-key"] == KEY


@given(
    key=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=2, max_size=20).map("tk".__add__),
    before=st.text(max_size=5),
)
@example(key="tk'\\x", before="")
@example(key="tk'\\x", before='"')
def test_a_key_is_masked_in_headers_as_a_library_logs_them(key: str, before: str) -> None:
    logged = repr([(b"x-echo", f"{before}{key}".encode())])
    masked = Redactor([SecretStr(key)]).text(logged)
    assert MASK in masked
    assert repr(key.encode())[2:-1] not in masked.replace(MASK, "")


async def test_a_masked_body_is_still_json(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(reply(200, f'{{"a": "1{_escaped(KEY)}2", "b": "\\\\{KEY}", "c": "{KEY}\\n"}}'.encode()))
    result = await call(runtime, "fetch", server=server)
    assert result.output["value"] == {"a": f"1{MASK}2", "b": f"\\{MASK}", "c": f"{MASK}\n"}


@given(
    key=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=2, max_size=20).map("tk".__add__),
    around=st.tuples(st.text(max_size=5), st.text(max_size=5)),
    data=st.data(),
)
def test_a_key_is_masked_however_json_spells_it(key: str, around: tuple[str, str], data: st.DataObject) -> None:
    def spelt(character: str) -> str:
        ways = [f"\\u{ord(character):04x}", f"\\u{ord(character):04X}"]
        ways += [f"\\{character}"] if character in '"\\/' else []
        ways += [character] if character not in '"\\' else []
        return data.draw(st.sampled_from(ways))

    before, after = (json.dumps(text)[1:-1] for text in around)
    body = f'"{before}{"".join(map(spelt, key))}{after}"'
    assert key in json.loads(body)
    masked = Redactor([SecretStr(key)]).body(body.encode())
    assert key not in json.loads(masked)


def test_what_only_looks_like_an_escaped_key_stays_as_it_is() -> None:
    # In the text a backslash stands before the rest: it is no escape, and spells no key.
    body = json.dumps({"text": f"\\u{ord(KEY[0]):04x}{KEY[1:]}"}).encode()
    assert Redactor([SecretStr(KEY)]).body(body) == body


@given(text=st.text(st.sampled_from('\\un0mk-t6db24"/ ')), key=st.sampled_from(["tk-0", "n0-k", "u006d", "m0-4"]))
def test_masking_leaves_json_readable(text: str, key: str) -> None:
    body = json.dumps({"text": text, "more": ["\\" + key, "\n" + key[1:]]}).encode()
    masked = Redactor([SecretStr(key)]).body(body)
    assert key not in json.dumps(json.loads(masked)["text"])
    assert json.loads(masked)["more"][0] == f"\\{MASK}"


def test_nothing_that_the_runtime_passes_around_shows_the_key() -> None:
    # A crash reporter shows the local variables of each function.
    resolved = resolve_credential(profile(), {"api_key": KEY})
    assert resolved is not None
    held = [resolved, resolved.service(), resolved.redactor, resolved.plain(), resolved.values]
    assert KEY not in f"{held!r}"
    assert f"{held[:4]!r}" == "[<ResolvedCredential>, <Service>, <Redactor>, <hidden>]"


def redactor(*secrets: str) -> Redactor:
    return Redactor(map(SecretStr, secrets))


def shown_by(masking: Redactor, text: str) -> list[str]:
    """The text of a reply, an error and a value, each as the redactor passes it on."""
    body = json.loads(masking.body(json.dumps({"text": text}).encode()))
    escaped = json.loads(masking.body(f'{{"text": "{_escaped(text)}"}}'.encode()))
    return [masking.text(text), str(masking.value(text)), body["text"], escaped["text"]]


def test_a_secret_has_four_characters_at_least() -> None:
    # A shorter one occurs in ordinary text by chance.
    assert shown_by(redactor("abc", "", "a"), "an abc") == ["an abc"] * 4
    assert shown_by(redactor("abcd"), "an abcd") == [f"an {MASK}"] * 4


@pytest.mark.parametrize(
    "secrets",
    [("tk-1", "tk-1-and-more"), ("tk-1-and-more", "tk-1"), ("-and", "tk-1-and-more"), ("tk-1", "my-tk-1-is")],
)
def test_nothing_is_left_of_a_secret_that_holds_another(secrets: tuple[str, str]) -> None:
    for masking in (redactor(*secrets), redactor(secrets[0]).also(SecretStr(secrets[1]))):
        assert shown_by(masking, f"a {max(secrets, key=len)}!") == [f"a {MASK}!"] * 4
        assert masking.secrets() == list(secrets)
        for secret in secrets:
            assert shown_by(masking, f"{secret}, {secret}") == [f"{MASK}, {MASK}"] * 4


@pytest.mark.parametrize(
    ("secret", "spellings"),
    [
        ("a/b=c d", ["a/b=c d", "a%2Fb%3Dc%20d"]),
        ("it's me", ["it's me", "it\\'s me", "it%27s%20me"]),
        ("it\\is", ["it\\is", "it\\\\is", "it%5Cis"]),
        ("'\\both", ["'\\both", "'\\\\both", "\\'\\\\both", "%27%5Cboth"]),
        ("plain-_.~1", ["plain-_.~1"]),
    ],
)
def test_a_secret_is_masked_as_a_url_and_as_python_write_it(secret: str, spellings: list[str]) -> None:
    for spelling in spellings:
        masked = redactor(secret).text(f"<{spelling}>")
        assert masked == f"<{MASK}>"
        assert redactor(secret).body(f"<{spelling}>".encode()) == masked.encode()


def test_every_secret_is_masked_wherever_a_value_holds_text() -> None:
    value = {"tk-one": ["tk-two", {"a tk-two": "tk-one, tk-two"}], "n": [1, 2.5, True, None, {}]}
    masked = {MASK: [MASK, {f"a {MASK}": f"{MASK}, {MASK}"}], "n": [1, 2.5, True, None, {}]}
    assert redactor("tk-one", "tk-two").value(value) == masked
    assert redactor("tk-one", "tk-two").body(json.dumps(value).encode()) == json.dumps(masked).encode()
    assert redactor().value(value) == value


def test_a_redactor_does_not_show_what_it_masks() -> None:
    assert repr(redactor("tk-one")) == "<Redactor>"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        # What looks like the first character of the secret is the end of an escape.
        (r'"\ntk0"', rf'"\n{MASK}"'),
        (r'"\ntk0ntk0"', rf'"\n{MASK}{MASK}"'),
        # Two backslashes are one, which escapes nothing.
        (r'"\\ntk0"', rf'"\\{MASK}"'),
        (r'"\\\ntk0"', rf'"\\\n{MASK}"'),
        (r'"\\\\ntk0"', rf'"\\\\{MASK}"'),
        (r'"\u006etk0"', f'"{MASK}"'),
        (r'"\u006Etk\u0030"', f'"{MASK}"'),
        (r'"\\u006etk0"', r'"\\u006etk0"'),
        (r'"\u0031 ntk0"', rf'"\u0031 {MASK}"'),
        (r'"\u0031\\ntk0"', rf'"\u0031\\{MASK}"'),
        (r'"\u0031\ntk0"', rf'"\u0031\n{MASK}"'),
        (r'"\u0031\nntk0, ntk0"', rf'"\u0031\n{MASK}, {MASK}"'),
    ],
)
def test_a_mask_neither_breaks_an_escape_nor_misses_a_secret_behind_one(sent: str, kept: str) -> None:
    masked = redactor("ntk0").body(sent.encode()).decode()
    assert masked == kept
    assert "ntk0" not in json.loads(masked)


def test_a_secret_of_one_letter_is_found_behind_an_escape_that_ends_with_it() -> None:
    assert redactor("nnnn").body(rb'"\u0031\nnnnn"') == rf'"\u0031\n{MASK}"'.encode()


@pytest.mark.parametrize(
    ("secret", "sent"), [("a/b-c", rb'"a\/b-c"'), ('a"b-c', rb'"a\"b-c"'), ("a\\b-c", rb'"a\\b-c"')]
)
def test_a_secret_is_masked_where_a_backslash_alone_escapes_it(secret: str, sent: bytes) -> None:
    for masking in (redactor(secret), redactor(secret, "other=one"), redactor("other=one", secret)):
        assert masking.body(sent) == f'"{MASK}"'.encode()


WINDOW = 256 * 1024


@pytest.mark.parametrize("key", ["tk-0123", 'tk"0\\1'])
def test_a_secret_across_two_steps_of_a_large_body_is_masked(key: str) -> None:
    spelt = _escaped(key)
    for inside in range(len(spelt) + 1):
        before = '"' + "x" * (WINDOW - 1 - inside)
        body = f'{before}{spelt}, and {spelt}"'.encode()
        assert redactor(key).body(body) == f'{before}{MASK}, and {MASK}"'.encode()


def test_others_get_a_turn_while_a_large_body_is_masked() -> None:
    def steps_of(body: bytes) -> int:
        return len(list(redactor("tk-one", "tk-two").body_in_steps(body)))

    for size in (4, 8):
        # Once for each window and secret where escapes are looked for, else once for each secret that is found.
        assert steps_of(b"\\u0031" + b"x" * size * WINDOW) == 2 * (size + 1)
        # The windows before the one that holds the first secret, and all for the second.
        assert steps_of(b"\\u0031" + b"x" * size * WINDOW + b"tk-one") == size - 1 + size + 1
        assert steps_of(b"tk-one" + b"x" * size * WINDOW) == 1
        assert steps_of(b"tk-one, tk-two" + b"x" * size * WINDOW) == 2
        assert steps_of(b"\\n" + b"x" * size * WINDOW) == 0


HTTP_LOGGERS = ["httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks"]


@pytest.mark.parametrize("name", HTTP_LOGGERS)
async def test_what_a_library_logs_during_a_call_is_masked_for_that_call(log: io.StringIO, name: str) -> None:
    async def calling(secret: str) -> None:
        mask_logs(redactor(secret))
        mask_logs(redactor(secret))
        logging.getLogger(name).debug("to %s: %d times tk-one, tk-two", "tk-one", 5)

    await asyncio.gather(asyncio.create_task(calling("tk-one")), asyncio.create_task(calling("tk-two")))
    logging.getLogger(name).debug("after %s", "tk-one")
    assert log.getvalue().splitlines()[-3:] == [
        f"to {MASK}: 5 times {MASK}, tk-two",
        f"to tk-one: 5 times tk-one, {MASK}",
        "after tk-one",
    ]


@pytest.mark.parametrize(
    ("key", "written", "masked"),
    [
        # The digits of an escape, and what follows it, look like the key.
        ("00-k", '"\\u00000-k"', f"\0{MASK}"),
        ("00-k", '"\\u0041\\u00000-k"', f"A\0{MASK}"),
        ("u006d-x", '"\\u006d-x"', f"m{MASK}"),
        ("u006d-x", '"\\\\u006d-x"', f"\\{MASK}"),
        ("n0-k", '"\\n0-k"', f"\n{MASK}"),
        ("n0-k", '"\\n\\n0-k"', f"\n\n{MASK}"),
        # Another escape stands before, and another behind.
        ("u006d-x", '"\\n\\u006d-x"', f"\nm{MASK}"),
        ("00-k", '"\\u00000-k\\n"', f"\0{MASK}\n"),
        ("tk01", '"\\n tk01"', f"\n {MASK}"),
        ("0-k4", '"\\u00e90-k4"', f"\u00e9{MASK}"),
        ("90-k", '"\\u00E90-k"', f"\u00e9{MASK}"),
    ],
)
def test_an_escape_that_ends_like_a_key_begins_stays_whole(key: str, written: str, masked: str) -> None:
    assert json.loads(Redactor([SecretStr(key)]).body(written.encode())) == masked


def test_an_escape_stays_whole_at_the_beginning_of_a_reply_that_is_no_json() -> None:
    assert redactor("n0-k").body(rb"\n0-k") == rf"\n{MASK}".encode()


def test_a_key_that_is_nothing_but_an_escape_is_masked_all_the_same() -> None:
    assert b"00e9" not in Redactor([SecretStr("00e9")]).body(b'"caf\\u00e9 00e9"')


@action(title="Leak")
async def leak(context: Context, input: SendInput) -> SendOutput:
    """Show all that a handler can see."""
    shown = [repr(context), repr(context.http), repr(context.credential), str(context.credential), f"{context}"]
    reply = await context.http.send("GET", "/")
    shown += [repr(reply), str(reply), repr(reply.body), repr(reply.json()), str(reply.header("x-echo"))]
    return SendOutput(success=True, value=shown)


async def test_nothing_that_a_handler_can_print_shows_the_key(server: ScriptedServer) -> None:
    server.script(json_reply({"key": KEY}, headers={"X-Echo": KEY}))
    async with Runtime(plugins=[plugin(leak)]) as runtime:
        result = await call(runtime, "leak", server=server)
        assert result.success
        assert KEY not in repr(result)
        for shown in (runtime, runtime.settings, runtime.integrations, runtime.integrations["tiny"], vars(runtime)):
            assert KEY not in f"{shown!r} {shown!s}"


@action(title="Crash")
async def crash(context: Context, input: SendInput) -> SendOutput:
    """Put the key into an exception."""
    key = context.credential["api_key"]
    assert isinstance(key, SecretStr)
    if input.path == "/action-error/":
        raise ActionError(ErrorCode.NOT_FOUND, f"no {key.get_secret_value()}")
    if input.path == "/output/":
        return SendOutput(success=False, error=f"not_found: no {key.get_secret_value()}")
    raise ValueError(f"no {key.get_secret_value()}")


@pytest.mark.parametrize("way", ["/action-error/", "/output/", "/defect/"])
async def test_an_error_of_the_handler_that_holds_the_key_is_masked(
    server: ScriptedServer, log: io.StringIO, way: str
) -> None:
    async with Runtime(plugins=[plugin(crash)]) as runtime:
        result = await call(runtime, "crash", {"path": way}, server=server)
    assert not result.success
    assert KEY not in repr(result) + log.getvalue()
    assert MASK in repr(result) + log.getvalue()


def _with_locals(error: BaseException) -> str:
    """A traceback as crash reporters write it, from the frames of the runtime alone: the test's own hold the key."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert report.stack
    del report.stack[0]
    return "".join(report.format())


Calling = Any


async def _unknown_action(runtime: Runtime, credential: Any) -> None:
    await runtime.call("tiny", "none", {}, credential=credential)


async def _unknown_integration(runtime: Runtime, credential: Any) -> None:
    await runtime.call("none", "none", {}, credential=credential)


async def _unknown_to_the_test(runtime: Runtime, credential: Any) -> None:
    await runtime.test_credential("none", credential=credential)


async def _broken(runtime: Runtime, credential: Any) -> None:
    await runtime.call("twice", "fetch", {}, credential=credential)


async def _closed(runtime: Runtime, credential: Any) -> None:
    await runtime.aclose()
    await runtime.call("tiny", "fetch", {}, credential=credential)


async def _closed_sync(runtime: Runtime, credential: Any) -> None:
    await runtime.aclose()
    runtime.call_sync("tiny", "fetch", {}, credential=credential)


async def _unknown_sync(runtime: Runtime, credential: Any) -> None:
    runtime.call_sync("tiny", "none", {}, credential=credential)


@pytest.mark.parametrize(
    "mistake",
    [_unknown_action, _unknown_integration, _unknown_to_the_test, _broken, _closed, _closed_sync, _unknown_sync],
)
@pytest.mark.parametrize("given", [{"api_key": KEY}, {KEY: KEY}, KEY, [KEY]], ids=["right", "as-name", "text", "list"])
async def test_a_traceback_of_the_runtime_shows_no_key_even_with_local_variables(mistake: Calling, given: Any) -> None:
    runtime = Runtime(plugins=[plugin(), plugin(fetch, fetch, name="twice")])
    with pytest.raises(RuntimeUsageError) as caught:
        await mistake(runtime, given)
    error = caught.value
    # The first frames are the test's: this function and the mistake, whose variables are its own business.
    assert error.__traceback__ is not None
    inner = error.with_traceback(error.__traceback__.tb_next)
    assert KEY not in _with_locals(inner)
    await runtime.aclose()


@action(title="Catch")
async def catch(context: Context, input: SendInput) -> SendOutput:
    """Write out the traceback of a failed request, as a handler might that logs."""
    try:
        await context.http.send("POST", input.path, json=input.body or {"a": float("nan")})
    except ActionError as error:
        report = traceback.TracebackException.from_exception(error, capture_locals=True)
        return SendOutput(success=True, header="".join(report.format()))
    raise AssertionError


@pytest.mark.parametrize(
    ("input", "answer"),
    [
        ({}, hang),
        ({"body": 1, "path": "//"}, hang),
        ({"body": 1}, hang),
        ({"body": 1}, reset),
        ({"body": 1}, raw(b"garbage\r\n")),
        ({"body": 1}, reply(200, b"x" * 2000)),
    ],
)
async def test_a_traceback_that_a_handler_writes_shows_no_key(
    server: ScriptedServer, input: dict[str, Any], answer: Step
) -> None:
    server.script(answer)
    settings = RuntimeSettings(timeout=0.2, max_response_bytes=1000)
    async with Runtime(settings, plugins=[plugin(catch)]) as runtime:
        report = (await call(runtime, "catch", input, server=server)).output["header"]
    assert "ActionError" in report
    assert KEY not in report


async def test_two_calls_at_once_keep_their_keys_apart(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply({}))
    keys = [f"tk-number-{number:04}" for number in range(50)]
    calls = (
        runtime.call("tiny", "fetch", {"path": f"/{key}/"}, credential={"api_key": key, "base_url": server.url})
        for key in keys
    )
    assert all(result.success for result in await asyncio.gather(*calls))
    assert sorted(request.headers["x-tiny-key"] for request in server.requests) == keys
    assert all(request.target == f"/{request.headers['x-tiny-key']}/" for request in server.requests)
