"""The error code that the connector reports for each fault."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Result, Runtime, RuntimeSettings
from modulex_mem0.sandbox import RunningSandbox

ADD = {"path": "/v3/memories/add/", "method": "POST"}
Listed = Callable[..., list[str]]


@pytest.fixture
async def mem0() -> AsyncIterator[Runtime]:
    async with Runtime(RuntimeSettings(timeout=20, retry_wait=0.001)) as runtime:
        yield runtime


async def _add(mem0: Runtime, box: RunningSandbox, timeout: float | None = None, **extra: Any) -> Result:
    credential = {"api_key": box.api_key, "base_url": box.base_url}
    given = {"user_id": "alice", "messages": "I like tea.", **extra}
    return await mem0.call("mem0", "add_memories", given, credential=credential, timeout=timeout)


@pytest.mark.parametrize(
    ("fault", "code", "work_is_done"),
    [
        ({"status": 500, "body": {"error": "broken"}}, ErrorCode.SERVICE_ERROR, False),
        ({"html": 502}, ErrorCode.SERVICE_ERROR, False),
        ({"html": 504, "processed": True}, ErrorCode.SERVICE_ERROR, True),
        ({"body": {"error": "no"}}, ErrorCode.SERVICE_ERROR, False),
        ({"text": "{"}, ErrorCode.BAD_RESPONSE, False),
        ({"redirect": "http://127.0.0.1:1/"}, ErrorCode.BAD_RESPONSE, False),
        ({"endless": True}, ErrorCode.BAD_RESPONSE, False),
        ({"reset": "before"}, ErrorCode.OUTCOME_UNKNOWN, False),
        ({"reset": "after"}, ErrorCode.OUTCOME_UNKNOWN, True),
        ({"truncate": True}, ErrorCode.OUTCOME_UNKNOWN, True),
    ],
    ids=str,
)
async def test_each_fault_has_an_error_code(
    listed: Listed, box: RunningSandbox, *, fault: dict[str, Any], code: ErrorCode, work_is_done: bool
) -> None:
    box.set_faults({**ADD, **fault})
    async with Runtime() as mem0:
        result = await _add(mem0, box)
    assert result.error is not None
    assert (result.success, result.error.code) == (False, code)
    assert listed() == (["I like tea"] if work_is_done else [])


@pytest.mark.parametrize("fault", [{"delay": 30}, {"drip": 1}], ids=str)
async def test_a_slow_service_ends_at_the_deadline(mem0: Runtime, box: RunningSandbox, fault: dict[str, Any]) -> None:
    box.set_faults({**ADD, **fault})
    result = await _add(mem0, box, timeout=0.5)
    assert result.error is not None
    assert result.error.code is ErrorCode.OUTCOME_UNKNOWN


async def test_retry_after_is_reported_from_both_forms(mem0: Runtime, box: RunningSandbox) -> None:
    box.set_faults(
        {**ADD, "calls": 1, "status": 429, "retry_after": 7},
        {**ADD, "calls": 2, "status": 429, "retry_after_date": 60},
        {**ADD, "calls": 3, "status": 429},
    )
    errors = [error for _ in range(3) if (error := (await _add(mem0, box)).error)]
    assert [error.code for error in errors] == [ErrorCode.RATE_LIMITED] * 3
    seconds, date, neither = (error.retry_after for error in errors)
    assert (seconds, neither) == (7, None)
    assert date is not None
    assert 50 < date <= 60


async def test_an_event_that_fails_or_never_ends(mem0: Runtime, box: RunningSandbox) -> None:
    box.set_faults({**ADD, "calls": 1, "event_error": "model is down"}, {**ADD, "calls": 2, "event_delay": 3600})
    failed = await _add(mem0, box, wait_for_completion=True)
    assert failed.error is not None
    assert (failed.error.code, "model is down" in failed.error.message) == (ErrorCode.EVENT_FAILED, True)
    pending = await _add(mem0, box)
    assert (pending.success, pending.output["status"]) == (True, "PENDING")
