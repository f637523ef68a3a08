"""Every action against every failure of its service: the right code, a short line, and no write sent twice."""

import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import pytest

from modulex_mem0.mem0.profile import EVENT_ID, MEMORY_ID, USER
from tests.helpers.scripted_server import Exchange, Request, ScriptedServer, Step
from tests.helpers.steps import hang, json_reply, raw, reply, reset
from tests.mem0.client import BY_NAME, NAMES, Mem0, example_input

ATTEMPTS = 3
#: Actions that check the owner of a memory before they change it.
CHECKED = ("update_memory", "delete_memory", "submit_feedback", "batch_update_memories", "batch_delete_memories")
#: Actions whose request must not be sent twice.
ONCE = tuple(name for name, action in BY_NAME.items() if not action.hints.safe_to_retry)
#: Mem0 answers these with a list: the code that an empty one becomes, None for a success.
LISTS = {"get_memory_history": "not_found", "summarize_memories": None}
# An event reports a failure that is not the request's.
EVENTS = ("get_event",)
ALICE = {"id": "m-1", "user_id": "alice"}


@dataclass(frozen=True)
class Failure:
    """What the service does, the code that it must become, and whether another try may help."""

    step: Step
    code: str
    #: The code where the request must not be sent twice and may have been carried out.
    once: str | None = None
    transient: bool = False
    retry_after: tuple[float, float] | None = None
    #: Seconds; long enough for the request to arrive on a busy machine.
    timeout: float | None = None


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
    "timeout": Failure(hang, "timeout", "outcome_unknown", timeout=0.5),
}


def is_owner_check(request: Request) -> bool:
    return request.method == "GET" and request.target == f"/v1/memories/{MEMORY_ID}/"


def after_the_check(action: str, step: Step) -> Step:
    """The failure, once the owner check has succeeded."""
    fine = json_reply({"id": MEMORY_ID, "user_id": USER})

    def answer(exchange: Exchange) -> None:
        (fine if action in CHECKED and is_owner_check(exchange.request) else step)(exchange)

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
    result = await scripted.call(action, example_input(action), timeout=failure.timeout)
    code = expected(action, name, failure)
    assert (result.error.code if result.error else None) == code
    tries = [request for request in server.requests if action not in CHECKED or not is_owner_check(request)]
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
    result = await scripted.call(action, example_input(action), timeout=failure.timeout)
    assert result.error is not None
    # A check is no write: its outcome is never unknown.
    assert result.error.code == failure.code
    assert {request.method for request in server.requests} == {"GET"}


#: What other servers answer at an address of Mem0's: a page, nothing, or the words of a web framework or a gateway.
FOREIGN_404 = {
    "a page": reply(404, b"<h1>Not Found</h1>", content_type="text/html"),
    "nothing": reply(404),
    "a framework": json_reply({"detail": "Not Found"}, 404),
    "a gateway": json_reply({"statusCode": 404, "error": "Not Found", "message": "Cannot GET /v1/"}, 404),
    "an object": json_reply({"error": {"message": "Invalid URL"}}, 404),
    "a list": json_reply(["Memory not found!"], 404),
    "gone": reply(410, b"<h1>Gone</h1>", content_type="text/html"),
}


@pytest.mark.parametrize("name", FOREIGN_404)
@pytest.mark.parametrize(
    "action", [*CHECKED, "get_memory", "get_memory_history", "get_event", "delete_entity", "check_connection"]
)
async def test_a_wrong_address_does_not_read_as_an_unknown_id(
    scripted: Mem0, server: ScriptedServer, action: str, name: str
) -> None:
    server.script(FOREIGN_404[name])
    error = await scripted.fails(action, **example_input(action))
    assert (error.code, error.message) == (
        "bad_response",
        "nothing of Mem0's is served at this address; check the base URL",
    )


@pytest.mark.parametrize(
    "said", [{"error": "Memory not found!"}, {"detail": "Not found."}, {"message": "No such user"}]
)
async def test_the_services_own_word_for_an_unknown_id_is_no_wrong_address(
    scripted: Mem0, server: ScriptedServer, said: dict[str, str]
) -> None:
    server.script(json_reply(said, 404))
    for action in (*CHECKED, "get_memory", "get_memory_history", "get_event", "delete_entity"):
        assert (await scripted.fails(action, **example_input(action))).code == "not_found"


@pytest.mark.parametrize("name", FOREIGN_404)
@pytest.mark.parametrize("action", ["update_memory", "delete_memory"])
async def test_nothing_counts_as_changed_or_deleted_where_a_wrong_address_answered(
    scripted: Mem0, server: ScriptedServer, action: str, name: str
) -> None:
    server.script(after_the_check(action, FOREIGN_404[name]))
    assert (await scripted.fails(action, **example_input(action))).code == "bad_response"


async def test_a_write_is_sent_once_even_where_a_second_try_would_succeed(
    scripted: Mem0, server: ScriptedServer
) -> None:
    fine: dict[str, Any] = {"id": MEMORY_ID, "status": "PENDING", "event_id": EVENT_ID, "user_id": USER}
    for action in ONCE:
        for name, failure in FAILURES.items():
            steps = ([json_reply(fine)] if action in CHECKED else []) + [failure.step, json_reply(fine)]
            server.script(*steps)
            result = await scripted.call(action, example_input(action), timeout=failure.timeout)
            assert not result.success, (action, name)
            assert [request.method for request in server.requests].count("POST") == 1, (action, name)


BODIES: list[tuple[int, Any, str, str]] = [
    (400, {"error": "Bad filter"}, "invalid_input", "Bad filter"),
    (400, {"message": "Bad filter"}, "invalid_input", "Bad filter"),
    (400, {"error": "Invalid filters", "details": {"message": "no nin"}}, "invalid_input", "Invalid filters: no nin"),
    (400, {"messages": ["This field is required."]}, "invalid_input", "messages: This field is required."),
    (400, {"detail": "Malformed"}, "invalid_input", "Malformed"),
    (400, {"detail": ["one", "two"]}, "invalid_input", "one; two"),
    (401, {"detail": "Invalid API key."}, "unauthorized", "Invalid API key."),
    (403, {"error": "Not yours"}, "forbidden", "Not yours"),
    (403, None, "forbidden", "the reply has no body"),
    (404, {"error": "Nothing here"}, "not_found", "Nothing here"),
    (404, {"detail": "Nothing here"}, "not_found", "Nothing here"),
    (404, {"message": "Nothing here"}, "not_found", "Nothing here"),
    (413, {"error": "Quota used up"}, "quota_exceeded", "Quota used up"),
    (429, {"detail": "Slow down"}, "rate_limited", "Slow down"),
    (500, {"error": "Oops"}, "service_error", "Oops"),
    (503, None, "service_error", "the reply has no body"),
]


@pytest.mark.parametrize(("status", "body", "code", "message"), BODIES, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("action", ["add_memories", "search_memories", "get_memories"])
async def test_every_shape_of_an_error_yields_its_code_and_a_short_line(
    scripted: Mem0, server: ScriptedServer, *, action: str, status: int, body: Any, code: str, message: str
) -> None:
    server.script(reply(status) if body is None else json_reply(body, status))
    error = await scripted.fails(action, **example_input(action))
    if status >= 500:
        message += "; check before you repeat" if action == "add_memories" else "; repeating is safe"
    assert (error.code, error.http_status, error.message) == (code, status, message)
    assert error.line == f"{code}: {message} (HTTP {status})"


async def test_a_long_error_is_cut(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"error": "word " * 10_000}, 400))
    assert len((await scripted.fails("search_memories", user_id="alice", query="x")).message) <= 300


@pytest.mark.parametrize("action", NAMES)
@pytest.mark.parametrize("error", ["Quota used up", {"reason": "Quota used up"}, ["Quota used up"]], ids=str)
async def test_an_error_under_200_is_a_failure(
    scripted: Mem0, server: ScriptedServer, action: str, error: object
) -> None:
    server.script(json_reply({"error": error}))
    failure = await scripted.fails(action, **example_input(action))
    if action in EVENTS:
        assert failure.code in ("bad_response", "not_found")  # an event without an owner or a status is none
    else:
        assert failure.code == "service_error"
        assert "Quota used up" in failure.message


async def test_a_long_error_under_200_is_cut_and_of_one_line(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply(ALICE), json_reply({"error": "line one\nline two\n" * 1000}))
    result = await scripted.call("batch_delete_memories", {"user_id": "alice", "memory_ids": ["m-1"]})
    (chunk,) = result.output["chunks"]
    assert chunk["error"].startswith("service_error: the service reports: line one line two")
    assert len(chunk["error"]) < 400


@pytest.mark.parametrize("action", [name for name in NAMES if name not in EVENTS])
async def test_a_failed_status_under_200_is_a_failure(scripted: Mem0, server: ScriptedServer, action: str) -> None:
    server.script(json_reply({"status": "FAILED", "message": "No capacity", "event_id": "e-1"}))
    error = await scripted.fails(action, **example_input(action))
    assert (error.code, error.message) == ("event_failed", "No capacity")


@pytest.mark.parametrize("action", ["add_memories", "delete_memories", "delete_entity"])
async def test_the_id_of_a_failed_event_is_kept(scripted: Mem0, server: ScriptedServer, action: str) -> None:
    server.script(json_reply({"status": "FAILED", "error": "No capacity", "event_id": "e-1"}))
    result = await scripted.call(action, example_input(action))
    assert result.error is not None
    assert (result.error.code, result.error.message) == ("event_failed", "No capacity")
    assert result.output["event_id"] == "e-1"


NO_ANSWERS = [
    ("null", reply(200, b"null")),
    ("text", json_reply("ok")),
    ("number", json_reply(5)),
    ("true", json_reply(True)),
    ("nothing", reply(200)),
    ("no content", reply(204)),
    ("html", reply(200, b"<html><body>Sign in</body></html>", content_type="text/html")),
    ("truncated", reply(200, b'{"results": [{"id": "m-1"')),
    ("two values", reply(200, b"{}{}")),
    ("not text", reply(200, b"\xff\xfe\x00")),
    ("too deep", reply(200, b"[" * 10_000 + b"]" * 10_000)),
]


@pytest.mark.parametrize("step", [pytest.param(step, id=name) for name, step in NO_ANSWERS])
@pytest.mark.parametrize("action", NAMES)
async def test_a_200_without_an_answer_is_a_bad_response(
    scripted: Mem0, server: ScriptedServer, action: str, step: Any
) -> None:
    server.script(step)
    error = await scripted.fails(action, **example_input(action))
    assert error.code == "bad_response"
    assert "<" not in error.message


@pytest.mark.parametrize("action", NAMES)
async def test_a_null_is_reported_as_such(scripted: Mem0, server: ScriptedServer, action: str) -> None:
    server.script(reply(200, b"null"))
    assert (
        await scripted.fails(action, **example_input(action))
    ).message == "the service answered with null where an object is due"


@pytest.mark.parametrize("body", [[], [ALICE], [1, None]], ids=str)
@pytest.mark.parametrize("action", [name for name in NAMES if name not in LISTS])
async def test_a_bare_list_where_an_object_is_due_is_a_bad_response(
    scripted: Mem0, server: ScriptedServer, action: str, body: list[Any]
) -> None:
    server.script(json_reply(body))
    error = await scripted.fails(action, **example_input(action))
    assert (error.code, error.message) == ("bad_response", "the service answered with a list where an object is due")


@pytest.mark.parametrize(
    "body", [{}, {"results": []}, {"status": None}, {"message": ["stored"]}, {"detail": "stored"}], ids=str
)
async def test_an_add_without_a_status_or_an_event_is_not_taken_as_accepted(
    scripted: Mem0, server: ScriptedServer, body: dict[str, Any]
) -> None:
    server.script(json_reply(body))
    error = await scripted.fails("add_memories", user_id="alice", messages="Hi")
    assert (error.code, error.retryable) == ("bad_response", False)
    assert len(server.requests) == 1
