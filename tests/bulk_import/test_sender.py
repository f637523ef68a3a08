"""Sending a chunk: whatever the service does, each row is accepted once, and the rest is reported."""

import time
from typing import Any

import pytest

from modulex_mem0.bulk_import import (
    Destination,
    DestinationUnavailableError,
    ImportStoppedError,
    Rate,
)
from tests.bulk_import.conftest import Service, WriteRows, add, cut, send

ADD = "/v3/memories/add/"


async def test_rows_travel_with_their_tags(destination: Destination, service: Service, write_rows: WriteRows) -> None:
    path = write_rows(rows=[add("I like tea", infer=False, metadata={"city": "Bern", "import_key": "of an export"})])
    source, chunk = cut(destination, path)
    (row,) = source.read(chunk).rows
    result = await send(destination, path)
    assert (result.accepted, result.finished, result.failures) == (1, 1, ())
    (memory,) = service.memories("alice")
    key = getattr(row, "key", None)
    assert memory["metadata"] == {"city": "Bern", "import_key": key, "import_chunk": "job-1-1", "import_job": "job-1"}


@pytest.mark.parametrize("infer", [True, False])
@pytest.mark.parametrize(
    "fault",
    [
        {"reset": "before"},
        {"reset": "after"},
        {"status": 500},
        {"processed": True, "status": 500},
        {"processed": True, "status": 504},
        {"html": 502},
        {"status": 503, "retry_after": 0},
        {"status": 429, "retry_after": 0},
        {"status": 429, "retry_after_date": 0},
        {"processed": True, "body": {"error": "an error in a 200"}},
        {"truncate": True},
        {"processed": True, "text": "not JSON"},
    ],
    ids=str,
)
async def test_faults_lose_and_double_nothing(
    destination: Destination, service: Service, write_rows: WriteRows, fault: dict[str, Any], infer: bool
) -> None:
    rows = [add(f"I have seen place number {number}.", f"user-{number % 3}", infer=infer) for number in range(10)]
    service.sandbox.set_faults({"path": ADD, "calls": [1, 2, 5, 9, 12], **fault})
    result = await send(destination, write_rows(rows=rows))
    assert (result.accepted, result.failures) == (10, ())
    assert sorted(service.adds().values()) == [1] * 10


async def test_a_chunk_that_is_tried_again_adds_what_is_missing(
    destination: Destination, service: Service, write_rows: WriteRows
) -> None:
    path = write_rows(8)
    since = time.time()
    service.sandbox.set_faults({"path": ADD, "calls": list(range(4, 20)), "status": 401})
    with pytest.raises(ImportStoppedError, match="unauthorized"):
        await send(destination, path, rate=Rate(in_flight=1))
    assert sum(service.adds().values()) == 3
    service.sandbox.set_faults()
    result = await send(destination, path, again=True, since=since)
    assert (result.accepted, result.found) == (8, 3)
    result = await send(destination, path, again=True)
    assert (result.accepted, result.found) == (8, 8)
    assert sorted(service.adds().values()) == [1] * 8


async def test_what_stored_nothing_is_not_sent_again(
    destination: Destination, service: Service, write_rows: WriteRows
) -> None:
    path = write_rows(rows=[add("Hello!"), add("I like tea."), add("Thanks!", "bob")])
    await send(destination, path)
    assert [memory["memory"] for memory in service.memories("alice")] == ["I like tea"]
    result = await send(destination, path, again=True)
    assert (result.accepted, result.found, result.finished) == (3, 3, 3)
    assert sorted(service.adds().values()) == [1, 1, 1]


async def test_rows_of_an_agent_are_found_again(
    destination: Destination, service: Service, write_rows: WriteRows
) -> None:
    # Without the events, only the memories can say what is there; Mem0 stores the assistant's under the agent.
    turns = [{"role": "user", "content": "I like tea."}, {"role": "assistant", "content": "I will remember the tea."}]
    rows = [{"user_id": "alice", "agent_id": "tea-bot", "messages": turns, "infer": False}]
    path = write_rows(rows=rows)
    await send(destination, path)
    service.sandbox.set_faults({"path": "/v1/events/", "status": 404})
    result = await send(destination, path, again=True)
    assert (result.accepted, result.found) == (1, 1)


async def test_without_events_inferred_rows_are_not_sent_again(
    destination: Destination, service: Service, write_rows: WriteRows
) -> None:
    path = write_rows(rows=[add("Hello!")])
    await send(destination, path)
    service.sandbox.set_faults({"path": "/v1/events/", "status": 404})
    with pytest.raises(ImportStoppedError):
        await send(destination, path, again=True)
    service.sandbox.set_faults()
    assert list(service.adds().values()) == [1]


async def test_a_row_that_is_refused_is_reported_and_the_rest_goes_on(
    destination: Destination, service: Service, write_rows: WriteRows
) -> None:
    path = write_rows(3, rows=[add("x" * 10, metadata={"note": "y" * 3000}, infer=False), {"user_id": "alice"}])
    result = await send(destination, path)
    assert (result.rows, result.accepted, result.failed) == (5, 3, 2)
    assert [(failure.place, failure.stage) for failure in result.failures] == [
        ("line 4", "refused"),
        ("line 5", "invalid"),
    ]
    assert result.failures[0].reason.startswith("invalid_input: ")


async def test_a_row_that_the_service_always_fails_on_is_reported(
    destination: Destination, service: Service, write_rows: WriteRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modulex_mem0.bulk_import.sender._LONGEST_SETTLE", 0.01)
    # One row at a time: the second call and all after the tenth are of the row that fails.
    service.sandbox.set_faults({"path": ADD, "calls": [2, *range(11, 100)], "status": 500})
    result = await send(destination, write_rows(10), rate=Rate(in_flight=1))
    assert (result.accepted, result.failed) == (9, 1)
    assert (result.failures[0].stage, result.failures[0].place) == ("unclear", "line 2")
    assert sorted(service.adds().values()) == [1] * 9


async def test_a_service_that_takes_nothing_is_left_in_time(
    destination: Destination, service: Service, write_rows: WriteRows
) -> None:
    path = write_rows(10)
    service.sandbox.set_faults({"path": ADD, "status": 503, "retry_after": 7})
    with pytest.raises(DestinationUnavailableError) as caught:
        await send(destination, path, patience=0.0, rate=_without_pauses())
    assert caught.value.error.http_status == 503
    assert caught.value.retry_after == 7
    service.sandbox.set_faults()
    result = await send(destination, path, again=True)
    assert (result.accepted, result.found) == (10, 0)


async def test_a_service_that_asks_to_wait_for_long_is_left_at_once(
    destination: Destination, service: Service, write_rows: WriteRows
) -> None:
    path = write_rows(30)
    service.sandbox.set_faults({"path": ADD, "calls": list(range(5, 100)), "status": 429, "retry_after": 3600})
    with pytest.raises(DestinationUnavailableError) as caught:
        await send(destination, path, rate=Rate(in_flight=2))
    assert caught.value.error.http_status == 429
    assert 3500 < (caught.value.retry_after or 0) <= 3600
    service.sandbox.set_faults()
    result = await send(destination, path, again=True)
    assert (result.accepted, result.found) == (30, 4)
    assert sorted(service.adds().values()) == [1] * 30


def _without_pauses() -> Rate:
    class Impatient(Rate):
        def report(self, *_: Any) -> None:
            pass

    return Impatient()


@pytest.mark.parametrize("status", [401, 402, 403, 404])
async def test_it_stops_where_no_row_can_succeed(
    destination: Destination, service: Service, write_rows: WriteRows, status: int
) -> None:
    service.sandbox.set_faults({"path": ADD, "status": status})
    with pytest.raises(ImportStoppedError):
        await send(destination, write_rows(50))
