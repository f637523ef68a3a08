"""A workflow calls our actions: errors become Temporal's, and what may have been carried out is not sent again."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import ActivityEnvironment

from modulex_mem0.hosts.temporal import ActionActivities
from modulex_mem0.runtime import Runtime, RuntimeSettings, StoredCredentials
from tests.helpers.scripted_server import Exchange, ScriptedServer
from tests.helpers.steps import drip, hang, json_reply, reset
from tests.helpers.tiny_integration import KEY, plugin, profile
from tests.hosts.temporal.workflows import Asked, CallOnce

DONE = json_reply({"stored": True})


async def start(client: Client, queue: str, *arguments: Any, **options: Any) -> "WorkflowHandle[CallOnce, Any]":
    asked = Asked(queue, list(arguments), **options)
    return await client.start_workflow(CallOnce.run, asked, id=f"call-{uuid.uuid4()}", task_queue=queue)


async def call(client: Client, queue: str, *arguments: Any, **options: Any) -> Any:
    return await (await start(client, queue, *arguments, **options)).result()


async def failure(client: Client, queue: str, *arguments: Any, **options: Any) -> ApplicationError:
    """The error with which the activity ended for good."""
    with pytest.raises(WorkflowFailureError) as caught:
        await call(client, queue, *arguments, **options)
    activity = caught.value.cause
    assert isinstance(activity, ActivityError)
    error = activity.cause
    assert isinstance(error, ApplicationError)
    assert error.non_retryable
    return error


async def test_the_output_of_an_action_is_returned(client: Client, queue: str, server: ScriptedServer) -> None:
    server.script(DONE)
    output = await call(client, queue, "tiny", "change", {"body": {"text": "hello"}}, "work")
    assert output == {"success": True, "error": None, "status": 200, "value": {"stored": True}, "header": None}
    (request,) = server.requests
    assert request.json() == {"text": "hello"}
    assert request.headers["x-tiny-key"] == KEY


async def test_a_history_holds_the_name_of_a_credential_and_not_its_key(
    client: Client, queue: str, server: ScriptedServer
) -> None:
    # The service repeats the key, as some do in their errors.
    server.script(json_reply({"detail": f"no such key: {KEY}"}, 401))
    handle = await start(client, queue, "tiny", "change", {}, "work")
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    history = await handle.fetch_history()
    written = b"".join(event.SerializeToString() for event in history.events)
    assert b'"work"' in written
    assert KEY.encode() not in written


@pytest.mark.parametrize(
    ("arguments", "error_line"),
    [
        (["tiny", "change", {"wait": "soon"}, "work"], "invalid_input: …wait"),
        (["tiny", "change", "everything", "work"], "invalid_input: …must be an object"),
        (["tiny", "change", None, "work"], "invalid_input: …must be an object"),
        (["tiny", "chnage", {}, "work"], "unsupported: …did you mean 'change'?"),
        (["tiny", ["change"], {}, "work"], "unsupported: …the name of an action must be text"),
        (["tinny", "change", {}, "work"], "unsupported: …did you mean 'tiny'?"),
        ([], "unsupported: …the name of an integration must be text"),
        (["tiny", "change", {}, "wrok"], "missing_credential: …did you mean 'work'?"),
        (["tiny", "change", {}, ""], "invalid_input: …credential_name: must be the name of a stored credential"),
        (["tiny", "change", {}, {"api_key": KEY}], "invalid_input: …a key does not belong in a history"),
        (["tiny", "change", {}, KEY], "missing_credential: …no credential of that name is stored"),
        (["tiny", "change", {}], "missing_credential: …TINY_API_KEY"),
    ],
)
async def test_what_a_workflow_passed_wrongly_fails_at_once_and_says_why(
    client: Client, queue: str, server: ScriptedServer, arguments: list[Any], error_line: str
) -> None:
    code, says = error_line.split(": …")
    error = await failure(client, queue, *arguments)
    assert error.type == code
    assert says in error.message
    assert KEY not in error.message
    assert not server.requests


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (json_reply({"detail": "who?"}, 401), "unauthorized"),
        (json_reply({"detail": "no"}, 403), "forbidden"),
        (json_reply({"detail": "gone"}, 404), "not_found"),
        (json_reply({"detail": "broken"}, 500), "service_error"),
        (reset, "outcome_unknown"),
    ],
)
async def test_a_change_that_another_try_cannot_help_or_might_double_is_sent_once(
    client: Client, queue: str, server: ScriptedServer, step: Any, code: str
) -> None:
    server.script(step, DONE)
    error = await failure(client, queue, "tiny", "change", {}, "work")
    assert error.type == code
    assert len(server.requests) == 1
    reported, output = error.details
    assert reported["code"] == code
    assert reported["retryable"] is False
    assert output["success"] is False


@pytest.mark.parametrize("step", [json_reply({"detail": "broken"}, 503), reset])
async def test_an_action_that_is_safe_to_retry_is_tried_until_the_service_is_back(
    client: Client, queue: str, server: ScriptedServer, step: Any
) -> None:
    # More failures than the runtime itself tries within one attempt of the activity.
    server.script(*[step] * 7, DONE)
    output = await call(client, queue, "tiny", "replace", {}, "work")
    assert output["success"] is True
    assert len(server.requests) == 8


async def test_a_change_that_met_a_rate_limit_is_sent_again_after_the_time_that_the_service_asked_for(
    client: Client, queue: str, server: ScriptedServer
) -> None:
    arrivals: list[float] = []

    def limited(exchange: Exchange) -> None:
        arrivals.append(time.monotonic())
        json_reply({"detail": "slow down"}, 429, {"Retry-After": "1"})(exchange)

    def stored(exchange: Exchange) -> None:
        arrivals.append(time.monotonic())
        DONE(exchange)

    server.script(limited, limited, stored)
    output = await call(client, queue, "tiny", "change", {}, "work")
    assert output["success"] is True
    assert len(arrivals) == 3
    assert all(later - earlier >= 1 for earlier, later in pairwise(arrivals))


async def test_a_change_whose_time_ran_out_is_not_sent_again(
    client: Client, queue: str, server: ScriptedServer
) -> None:
    server.script(hang)
    error = await failure(client, queue, "tiny", "change", {}, "work", start_to_close=1.0)
    assert error.type == "outcome_unknown"
    assert len(server.requests) == 1


async def test_a_cancelled_workflow_ends_the_request(client: Client, queue: str, server: ScriptedServer) -> None:
    server.script(drip)
    handle = await start(client, queue, "tiny", "change", {}, "work")
    await asyncio.to_thread(server.wait_for_requests, 1)
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert (await handle.describe()).status is WorkflowExecutionStatus.CANCELED
    await asyncio.to_thread(server.wait_until_left)
    assert len(server.requests) == 1


async def test_without_a_name_the_default_credential_is_used_and_then_the_environment(
    client: Client,
    queue: str,
    server: ScriptedServer,
    tiny_store: StoredCredentials,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.script(DONE)
    monkeypatch.setenv("TINY_API_KEY", "tk-of-the-environment")
    monkeypatch.setenv("TINY_BASE_URL", server.url)
    await call(client, queue, "tiny", "change", {})
    tiny_store.save(profile(), "other", {"api_key": "tk-the-default-one", "base_url": server.url}, default=True)
    await call(client, queue, "tiny", "change", {}, None)
    keys = [request.headers["x-tiny-key"] for request in server.requests]
    assert keys == ["tk-of-the-environment", "tk-the-default-one"]


async def test_no_attempt_is_made_in_vain(client: Client, queue: str, server: ScriptedServer) -> None:
    server.script(json_reply({"detail": "who?"}, 401))
    handle = await start(client, queue, "tiny", "fetch", {}, "work")
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    events = (await handle.fetch_history()).events
    (started,) = [e for e in events if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED]
    assert started.activity_task_started_event_attributes.attempt == 1


@pytest.fixture
async def runtime() -> AsyncIterator[Runtime]:
    """A runtime whose waits are short, with the tiny integration."""
    async with Runtime(RuntimeSettings(retry_wait=0.001, timeout=0.3), plugins=[plugin()]) as made:
        yield made


class Attempt:
    """One attempt of the activity, without a server, and its heartbeats."""

    def __init__(self, runtime: Runtime, credentials: StoredCredentials, **info: Any) -> None:
        self.beats: list[Any] = []
        self._call = ActionActivities(runtime, credentials).call_action
        self._environment = ActivityEnvironment()
        self._environment.on_heartbeat = self.beats.append
        given: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=30), **info}
        self._environment.info = replace(self._environment.info, **given)

    async def call(self, *arguments: Any) -> Any:
        return await self._environment.run(self._call, *arguments)

    async def error(self, *arguments: Any) -> ApplicationError:
        with pytest.raises(ApplicationError) as caught:
            await self.call(*arguments)
        return caught.value


CHANGE: tuple[Any, ...] = ("tiny", "change", {}, "work")


async def test_a_change_that_a_worker_at_its_end_did_not_send_is_sent_by_the_next_attempt(
    runtime: Runtime, tiny_store: StoredCredentials, server: ScriptedServer
) -> None:
    server.script(DONE)
    ending = Runtime(plugins=[plugin()])
    await ending.aclose()
    first = Attempt(ending, tiny_store)
    error = await first.error(*CHANGE)
    assert (error.type, error.non_retryable) == ("connection_failed", False)
    assert not server.requests
    second = Attempt(runtime, tiny_store, attempt=2, heartbeat_details=[first.beats[-1]])
    assert (await second.call(*CHANGE))["success"] is True


@pytest.mark.parametrize(
    "beats",
    [
        [],
        ["of another program"],
        [{"attempt": 2, "unchanged": False, "progress": None}],
        # The last report is of an attempt before the last one.
        [{"attempt": 1, "unchanged": True, "progress": None}],
    ],
    ids=["none", "unknown", "unfinished", "older"],
)
async def test_a_change_is_not_sent_after_an_attempt_that_did_not_report_its_end_and_reading_is(
    runtime: Runtime, tiny_store: StoredCredentials, server: ScriptedServer, beats: list[Any]
) -> None:
    server.script(DONE)
    third = Attempt(runtime, tiny_store, attempt=3, heartbeat_details=beats)
    error = await third.error(*CHANGE)
    assert (error.type, error.non_retryable) == ("outcome_unknown", True)
    assert error.message.startswith("attempt 2 ended without a report")
    assert not server.requests
    assert (await third.call("tiny", "fetch", {}, "work"))["success"] is True


async def test_a_service_that_does_not_say_how_long_to_wait_gets_a_minute(
    runtime: Runtime, tiny_store: StoredCredentials, server: ScriptedServer
) -> None:
    server.script(json_reply({"detail": "slow down"}, 429))
    error = await Attempt(runtime, tiny_store).error(*CHANGE)
    assert (error.type, error.non_retryable) == ("rate_limited", False)
    assert error.next_retry_delay == timedelta(minutes=1)


async def test_a_default_credential_that_cannot_be_read_is_not_replaced_by_the_environments(
    runtime: Runtime, tiny_store: StoredCredentials, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script(DONE)
    monkeypatch.setenv("TINY_API_KEY", "tk-of-another-account")
    monkeypatch.setenv("TINY_BASE_URL", server.url)
    tiny_store.path.write_text("{")
    error = await Attempt(runtime, tiny_store).error("tiny", "change", {})
    assert (error.type, error.non_retryable) == ("missing_credential", True)
    assert str(tiny_store.path) in error.message
    assert not server.requests


async def test_an_attempt_that_was_given_no_time_has_that_of_the_runtime(
    runtime: Runtime, tiny_store: StoredCredentials, server: ScriptedServer
) -> None:
    server.script(hang)
    attempt = Attempt(runtime, tiny_store, start_to_close_timeout=None)
    error = await asyncio.wait_for(attempt.error("tiny", "fetch", {}, "work"), 5)
    assert error.type == "timeout"
