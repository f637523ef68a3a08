"""Every action against every failure of its service: the right code, and no single write sent twice."""

import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import pytest

from modulex_mem0.mem0.profile import EVENT_ID, MEMORY_ID, USER
from tests.helpers.scripted_server import Exchange, Request, ScriptedServer, Step
from tests.helpers.steps import hang, json_reply, raw, reply, reset
from tests.mem0.helpers.kit import BY_NAME, NAMES, Mem0, example_input

ATTEMPTS = 3
#: Actions that look whose memory it is before they change it.
CHECKED = ("update_memory", "delete_memory", "submit_feedback", "batch_update_memories", "batch_delete_memories")
#: Actions whose request must not be sent twice.
ONCE = tuple(name for name, action in BY_NAME.items() if not action.hints.safe_to_retry)
#: Their answer is a list, so that a bare one is none too few.
LISTS = {"get_memory_history": "not_found", "summarize_memories": None}


@dataclass(frozen=True)
class Failure:
    """What the service does, the code that it must become, and whether another try may help."""

    step: Step
    code: str
    #: The code where the request must not be sent twice and may have been carried out.
    once: str | None = None
    transient: bool = False
    retry_after: tuple[float, float] | None = None


def later(seconds: float) -> str:
    return formatdate(time.time() + seconds, usegmt=True)


FAILURES = {
    "400": Failure(json_reply({"error": "Bad"}, 400), "invalid_input"),
    "401": Failure(json_reply({"detail": "Invalid API key."}, 401), "unauthorized"),
    "403": Failure(reply(403), "forbidden"),
    "404": Failure(json_reply({"error": "Memory not found!"}, 404), "not_found"),
    "413": Failure(json_reply({"error": "Quota"}, 413), "quota_exceeded"),
    "429 in seconds": Failure(
        json_reply({"detail": "Slow"}, 429, {"Retry-After": "3000"}), "rate_limited", retry_after=(3000, 3000)
    ),
    "429 as a date": Failure(
        json_reply({"detail": "Slow"}, 429, {"Retry-After": later(3000)}), "rate_limited", retry_after=(2000, 3001)
    ),
    "429 without a word": Failure(reply(429), "rate_limited", transient=True),
    "500": Failure(json_reply({"error": "Oops"}, 500), "service_error", transient=True),
    "HTML 502": Failure(
        reply(502, b"<html><h1>Bad Gateway</h1>", content_type="text/html"), "service_error", transient=True
    ),
    "HTML 200": Failure(reply(200, b"<html>Sign in</html>", content_type="text/html"), "bad_response"),
    "redirect": Failure(reply(302, headers={"Location": "https://elsewhere.invalid/"}), "bad_response"),
    "truncated JSON": Failure(reply(200, b'{"results": [{"id": "m-'), "bad_response"),
    "truncated body": Failure(
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), "connection_failed", "outcome_unknown", transient=True
    ),
    "null": Failure(reply(200, b"null"), "bad_response"),
    "bare list": Failure(json_reply([]), "bad_response"),
    "reset": Failure(reset, "connection_failed", "outcome_unknown", transient=True),
    "timeout": Failure(hang, "timeout", "outcome_unknown"),
}


def asks_whose(request: Request) -> bool:
    return request.method == "GET" and request.target == f"/v1/memories/{MEMORY_ID}/"


def after_the_check(action: str, step: Step) -> Step:
    """The failure, once the question whose memory it is has been answered well."""
    fine = json_reply({"id": MEMORY_ID, "user_id": USER})

    def answer(exchange: Exchange) -> None:
        (fine if action in CHECKED and asks_whose(exchange.request) else step)(exchange)

    return answer


def expected(action: str, name: str, failure: Failure) -> str | None:
    """The code that the failure must become; None where it is a success after all."""
    if name == "bare list" and action in LISTS:
        return LISTS[action]
    if name == "404" and action == "delete_memory":
        return None  # it is gone, as was wished
    return failure.once if failure.once and action in ONCE else failure.code


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("action", NAMES)
async def test_a_failure_becomes_its_code(scripted: Mem0, server: ScriptedServer, action: str, name: str) -> None:
    failure = FAILURES[name]
    server.script(after_the_check(action, failure.step))
    timeout = 0.25 if failure.step is hang else None
    result = await scripted.call(action, example_input(action), timeout=timeout)
    code = expected(action, name, failure)
    assert (result.error.code if result.error else None) == code
    tries = [request for request in server.requests if action not in CHECKED or not asks_whose(request)]
    assert len(tries) == (ATTEMPTS if failure.transient and action not in ONCE else 1)
    if result.error is not None and failure.retry_after is not None:
        least, most = failure.retry_after
        assert result.error.retry_after is not None
        assert least <= result.error.retry_after <= most
        assert result.error.retryable
    if result.error is not None and code == "outcome_unknown":
        assert not result.error.retryable


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("action", CHECKED)
async def test_nothing_is_changed_where_the_check_itself_fails(
    scripted: Mem0, server: ScriptedServer, action: str, name: str
) -> None:
    failure = FAILURES[name]
    server.script(failure.step)
    result = await scripted.call(action, example_input(action), timeout=0.25 if failure.step is hang else None)
    assert result.error is not None
    # A question is no write: its outcome is never unknown.
    assert result.error.code == failure.code
    assert {request.method for request in server.requests} == {"GET"}


async def test_what_must_not_be_sent_twice_is_not_even_where_the_second_try_would_succeed(
    scripted: Mem0, server: ScriptedServer
) -> None:
    fine: dict[str, Any] = {"id": "x-1", "status": "PENDING", "event_id": EVENT_ID, "user_id": USER}
    for action in ONCE:
        for name, failure in FAILURES.items():
            steps = ([json_reply(fine)] if action in CHECKED else []) + [failure.step, json_reply(fine)]
            server.script(*steps)
            result = await scripted.call(action, example_input(action), timeout=0.25 if failure.step is hang else None)
            assert not result.success, (action, name)
            assert [request.method for request in server.requests].count("POST") == 1, (action, name)
