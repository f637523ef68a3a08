"""Retries: what is sent again after a failure, what never is, and how long a service asks to wait."""

import asyncio
import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.contract import ActionError, Context, ErrorCode, action
from modulex_mem0.runtime import Progress, Runtime, RuntimeSettings
from modulex_mem0.runtime.http.retry import is_transient
from tests.helpers.calls import call, check, credential_for, failure
from tests.helpers.scripted_server import ScriptedServer, Step
from tests.helpers.steps import after, drip, hang, json_reply, raw, reply, reset
from tests.helpers.tiny_integration import KEY, SendInput, SendOutput, plugin

OK = json_reply({"fine": True})

TRUNCATED = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")


TRANSIENT = [408, 425, 429, 500, 502, 503, 504]


@pytest.mark.parametrize("first", [*map(reply, TRANSIENT), reset, TRUNCATED])
@pytest.mark.parametrize("action", ["fetch", "find", "replace"])
async def test_a_safe_request_is_sent_again_after_a_transient_failure(
    runtime: Runtime, server: ScriptedServer, action: str, first: Step
) -> None:
    server.script(first, OK)
    result = await call(runtime, action, {"body": {"a": 1}}, server=server)
    assert result.output["value"] == {"fine": True}
    assert [request.json() for request in server.requests] == [{"a": 1}] * 2


@pytest.mark.parametrize(
    ("method", "safe", "sent"), [("POST", True, 2), ("POST", False, 1), ("GET", False, 1), ("GET", True, 2)]
)
@pytest.mark.parametrize("read_only", [True, False])
async def test_what_a_handler_says_of_a_request_counts_more_than_the_hints(
    server: ScriptedServer, *, read_only: bool, method: str, safe: bool, sent: int
) -> None:
    @action(title="Send", read_only=read_only)
    async def send(context: Context, input: SendInput) -> SendOutput:
        """Send a request whose effect the handler knows."""
        (await context.http.send(method, "/", safe_to_retry=safe)).require_success()
        return SendOutput(success=True)

    server.script(reply(503), OK)
    async with Runtime(RuntimeSettings(retry_wait=0.001), plugins=[plugin(send)]) as runtime:
        assert (await call(runtime, "send", server=server)).success is safe
    assert len(server.requests) == sent


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 501])
async def test_a_refusal_is_not_repeated(runtime: Runtime, server: ScriptedServer, status: int) -> None:
    server.script(reply(status), OK)
    assert failure(await call(runtime, "fetch", server=server)).http_status == status
    assert len(server.requests) == 1


async def test_the_number_of_attempts_is_bounded(server: ScriptedServer) -> None:
    server.script(reply(500))
    async with Runtime(RuntimeSettings(retry_wait=0.001, attempts=5), plugins=[plugin()]) as runtime:
        error = failure(await call(runtime, "fetch", server=server))
    assert len(server.requests) == 5
    assert (error.code, error.retryable) == (ErrorCode.SERVICE_ERROR, True)


async def _waits(
    server: ScriptedServer, settings: RuntimeSettings, *, given_up_after: int | None = None
) -> list[tuple[str, float]]:
    """What is reported of each wait: its reason, and its seconds. The call may be given up as the last one begins."""
    heard: list[str] = []

    def hear(progress: Progress) -> None:
        heard.append(progress.message)
        if len(heard) == given_up_after:
            calling.cancel()

    async with Runtime(settings, plugins=[plugin()]) as runtime:
        calling = asyncio.create_task(
            runtime.call("tiny", "fetch", {}, credential=credential_for(server), on_progress=hear)
        )
        with suppress(asyncio.CancelledError):
            await calling
        assert calling.cancelled() == (given_up_after is not None)
    waits = (message.partition(", retrying in ") for message in heard)
    return [(reason, float(seconds.removesuffix(" s"))) for reason, _, seconds in waits]


@pytest.mark.parametrize(
    ("first", "reason"),
    [(reply(503), "the service failed (HTTP 503)"), (reply(429), "rate limited"), (reset, "connection failed")],
)
async def test_waits_double_with_some_jitter(server: ScriptedServer, first: Step, reason: str) -> None:
    server.script(first)
    waits = await _waits(server, RuntimeSettings(retry_wait=0.02, attempts=4))
    assert [said for said, _ in waits] == [reason] * 3
    for (_, seconds), least in zip(waits, (0.02, 0.04, 0.08), strict=True):
        assert least <= seconds <= least + 0.02
    assert {seconds for _, seconds in waits} != {0.02, 0.04, 0.08}


async def test_a_wait_without_jitter_takes_four_seconds_at_most(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)
    server.script(reply(500))
    assert await _waits(server, RuntimeSettings(retry_wait=20), given_up_after=1) == [
        ("the service failed (HTTP 500)", 4.0)
    ]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "0"}, 0), ({"retry-after": "0.05"}, 0.05), ({"x-ratelimit-reset": "0.05"}, 0.05)],
)
async def test_the_wait_that_a_service_asks_for_is_waited_exactly(
    server: ScriptedServer, headers: dict[str, str], seconds: float
) -> None:
    server.script(reply(429, headers=headers), OK)
    assert await _waits(server, RuntimeSettings(retry_wait=10)) == [("rate limited", seconds)]
    assert len(server.requests) == 2


async def test_a_single_attempt_is_not_followed_by_a_wait(server: ScriptedServer) -> None:
    server.script(reply(500))
    assert await _waits(server, RuntimeSettings(attempts=1)) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("last", "code"), [(reply(503), ErrorCode.SERVICE_ERROR), (reset, ErrorCode.CONNECTION_FAILED)]
)
async def test_the_last_failure_is_the_calls(
    runtime: Runtime, server: ScriptedServer, last: Step, code: ErrorCode
) -> None:
    server.script(reply(429), reset, last)
    assert failure(await call(runtime, "fetch", server=server)).code is code
    assert len(server.requests) == 3


async def test_a_refusal_ends_the_attempts(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(reset, reply(404), OK)
    assert failure(await call(runtime, "fetch", server=server)).code is ErrorCode.NOT_FOUND
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("outcome", "may_help"),
    [
        (ActionError(ErrorCode.CONNECTION_FAILED, "The line is dead."), True),
        (ActionError(ErrorCode.CONNECTION_FAILED, "The line is dead.", retryable=True), True),
        # As when the runtime is being closed.
        (ActionError(ErrorCode.CONNECTION_FAILED, "The line is dead.", retryable=False), False),
        (ActionError(ErrorCode.OUTCOME_UNKNOWN, "Who knows?", retryable=True), False),
        (ActionError(ErrorCode.BAD_RESPONSE, "Not HTTP."), False),
        (ActionError(ErrorCode.TIMEOUT, "Too late."), False),
        (ConnectionError(), False),
        (asyncio.CancelledError(), False),
    ],
)
def test_only_a_failed_connection_may_succeed_a_moment_later(outcome: BaseException, *, may_help: bool) -> None:
    assert is_transient(outcome) is may_help


async def test_a_wait_beyond_the_deadline_fails_at_once(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(reply(429, headers={"retry-after": "3000"}))
    error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.retry_after, error.retryable) == (ErrorCode.RATE_LIMITED, 3000.0, True)
    assert len(server.requests) == 1


async def test_a_rate_limit_that_was_not_hit_does_not_delay_the_next_attempt(
    runtime: Runtime, server: ScriptedServer
) -> None:
    # Many services send the reset with every reply.
    server.script(reply(500, headers={"x-ratelimit-reset": "3000"}), OK)
    assert (await call(runtime, "fetch", server=server)).success


@pytest.mark.parametrize("status", TRANSIENT)
async def test_a_change_is_sent_once_whatever_the_status(runtime: Runtime, server: ScriptedServer, status: int) -> None:
    server.script(reply(status, headers={"retry-after": "0"}), OK)
    assert failure(await call(runtime, "change", server=server)).http_status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("ending", [reset, raw(b""), TRUNCATED, raw(b"no HTTP at all\r\n\r\n")])
async def test_a_change_without_a_whole_reply_has_an_unknown_outcome(
    runtime: Runtime, server: ScriptedServer, ending: Step
) -> None:
    server.script(ending, OK)
    error = failure(await call(runtime, "change", server=server))
    assert (error.code, error.retryable) == (ErrorCode.OUTCOME_UNKNOWN, False)
    assert len(server.requests) == 1


@pytest.mark.parametrize("ending", [hang, drip])
async def test_a_change_that_runs_out_of_time_has_an_unknown_outcome(
    runtime: Runtime, server: ScriptedServer, ending: Step
) -> None:
    server.script(ending)
    error = failure(await call(runtime, "change", server=server, timeout=0.2))
    assert (error.code, error.retryable) == (ErrorCode.OUTCOME_UNKNOWN, False)
    assert len(server.requests) == 1


@pytest.mark.parametrize("ending", [hang, drip])
async def test_the_deadline_ends_a_read(runtime: Runtime, server: ScriptedServer, ending: Step) -> None:
    server.script(ending)
    error = failure(await call(runtime, "fetch", server=server, timeout=0.2))
    assert (error.code, error.retryable) == (ErrorCode.TIMEOUT, True)
    assert len(server.requests) == 1


async def test_all_attempts_share_one_deadline(server: ScriptedServer) -> None:
    server.script(reply(503), reply(503), hang)
    async with Runtime(RuntimeSettings(retry_wait=0.01, attempts=1000), plugins=[plugin()]) as runtime:
        error = failure(await call(runtime, "fetch", server=server, timeout=0.4))
    assert error.code is ErrorCode.TIMEOUT
    assert len(server.requests) == 3


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_refused_connection_changed_nothing(runtime: Runtime, action: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    credential = {"api_key": KEY, "base_url": f"http://127.0.0.1:{port}"}
    error = failure(await runtime.call("tiny", action, {}, credential=credential))
    assert (error.code, error.retryable) == (ErrorCode.CONNECTION_FAILED, True)


async def test_an_action_may_ask_for_more_time_than_the_runtime_gives(server: ScriptedServer) -> None:
    release = threading.Event()
    server.script(after(release, OK))
    async with Runtime(RuntimeSettings(timeout=0.05), plugins=[plugin()]) as runtime:
        # The answer waits until a call with the same deadline, and no more time, has failed on the same server.
        patient = asyncio.create_task(call(runtime, "fetch", {"wait": 15}, server=server))
        hasty = failure(await call(runtime, "fetch", server=server))
        release.set()
        result = await patient
    assert hasty.code is ErrorCode.TIMEOUT
    assert result.success


DAY = 86_400


def _wait(runtime: Runtime, server: ScriptedServer, headers: Mapping[str, str], status: int = 429) -> float | None:
    server.script(reply(status, headers=headers))
    result = runtime.call_sync("tiny", "change", {}, credential=credential_for(server))
    check(runtime, "change", result)
    error = failure(result)
    assert (f"retry after {error.retry_after:g} s" in error.line) if error.retry_after is not None else True
    return error.retry_after


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("12", 12),
        ("0", 0),
        ("0.5", 0.5),
        (" 7 ", 7),
        ("-5", 0),
        ("99999999999", DAY),
        ("1e300", DAY),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("soon", None),
        ("", None),
        ("inf", None),
        ("nan", None),
        ("12, 13", None),
        ("Wed, 99 Foo 2015 77:28:00 GMT", None),
    ],
)
def test_retry_after(
    shared: Runtime, lasting_server: ScriptedServer, value: str, seconds: float | None, status: int
) -> None:
    assert _wait(shared, lasting_server, {"Retry-After": value}, status) == seconds


@pytest.mark.parametrize("zone", [" GMT", " -0000", " +0000"])
def test_a_date_ahead(shared: Runtime, lasting_server: ScriptedServer, zone: str) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True).removesuffix(" GMT")
    seconds = _wait(shared, lasting_server, {"Retry-After": moment + zone})
    assert seconds is not None
    assert 3500 < seconds <= 3600


@pytest.mark.parametrize(("value", "seconds"), [("30", 30), ("-1", 0), ("later", None), ("", None), ("nan", None)])
def test_a_rate_limits_reset(
    shared: Runtime, lasting_server: ScriptedServer, value: str, seconds: float | None
) -> None:
    assert _wait(shared, lasting_server, {"X-RateLimit-Reset": value}) == seconds


def test_a_reset_as_a_moment(shared: Runtime, lasting_server: ScriptedServer) -> None:
    moment = datetime.now(UTC).timestamp() + 600
    seconds = _wait(shared, lasting_server, {"X-RateLimit-Reset": f"{moment:.0f}"})
    assert seconds is not None
    assert 500 < seconds <= 601


def test_retry_after_wins_over_the_reset(shared: Runtime, lasting_server: ScriptedServer) -> None:
    assert _wait(shared, lasting_server, {"X-RateLimit-Reset": "30", "Retry-After": "3"}) == 3


def test_an_unreadable_wait_leaves_the_reset(shared: Runtime, lasting_server: ScriptedServer) -> None:
    assert _wait(shared, lasting_server, {"X-RateLimit-Reset": "30", "Retry-After": "soon"}) == 30


def test_without_a_header_nothing_is_said(shared: Runtime, lasting_server: ScriptedServer) -> None:
    assert _wait(shared, lasting_server, {}) is None


LATIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40)

DATE = re.compile(r"(\w{3}, )?\d{1,4} \w{3,9} \d{1,5} \d{1,3}:\d\d(:\d\d)?( [+-]\d{4,9})?", re.ASCII)


@given(value=LATIN | st.from_regex(DATE, fullmatch=True))
def test_any_header_is_a_wait_or_none(shared: Runtime, lasting_server: ScriptedServer, value: str) -> None:
    for name in ("Retry-After", "X-RateLimit-Reset"):
        seconds = _wait(shared, lasting_server, {name: value})
        assert seconds is None or 0 <= seconds <= DAY
