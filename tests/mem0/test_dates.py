"""Dates: days or moments, both ends inclusive, in UTC; what is no date, or in the wrong order, is refused."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0, example_input

EMPTY = json_reply({"results": [], "count": 0})
PLACES = [
    ("get_memories", "start_date"),
    ("get_memories", "end_date"),
    ("search_memories", "created_after"),
    ("search_memories", "created_before"),
    ("search_memories", "reference_date"),
]
NO_DATES: list[Any] = [
    "yesterday", "2024-02-30", "2024-13-01", "2024-1-5", "20240115", "15.01.2024", "01/15/2024", "2024-W03-1",
    "2024-01", "2024-01-15T25:00:00Z", "2024-01-15T", "0000-01-01", "2024-01-15'", 20240115, 1705276800, True,
    "2024-01-1\N{ARABIC-INDIC DIGIT FIVE}", "202\N{FULLWIDTH DIGIT FOUR}-01-15", ["2024-01-15"],
    "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "2024-01-15+02:00", "2024-01-15-05:00", "2024-01-15Z",
    "2024-01-15x09:30", "2024-01-1509:30",
]  # fmt: skip


@pytest.mark.parametrize("value", NO_DATES, ids=repr)
@pytest.mark.parametrize(("action", "name"), PLACES)
async def test_what_is_no_date_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, name: str, value: object
) -> None:
    server.script(EMPTY)
    changes = {"start_date": None, name: value}  # the example of a list has a start date
    given = example_input(action, **(changes if action == "get_memories" else {name: value}))
    assert (await scripted.refuses(action, **given)).startswith(f"{name}: ")
    assert server.requests == []


@pytest.mark.parametrize("value", ["2024-02-30", "2024-01-15T10:00:00Z", "tomorrow", 20240115], ids=repr)
@pytest.mark.parametrize("action", ["add_memories", "update_memory"])
async def test_an_expiration_date_is_a_day(scripted: Mem0, server: ScriptedServer, action: str, value: object) -> None:
    server.script(EMPTY)
    assert "expiration_date: " in await scripted.refuses(action, **example_input(action, expiration_date=value))
    assert server.requests == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2024-01-16", "2024-01-15"),
        ("2024-01-15T10:00:00Z", "2024-01-15T09:59:59Z"),
        ("2024-01-16T00:00:00Z", "2024-01-15"),
        ("2024-01-15", "2024-01-14T23:59:59Z"),
        ("2024-01-15T00:00:00-05:00", "2024-01-15T04:59:00Z"),
    ],
)
async def test_a_start_after_the_end_is_refused(scripted: Mem0, server: ScriptedServer, start: str, end: str) -> None:
    server.script(EMPTY)
    message = await scripted.refuses("get_memories", user_id="alice", start_date=start, end_date=end)
    assert message.startswith("start_date: is after end_date")
    message = await scripted.refuses(
        "search_memories", user_id="alice", query="x", created_after=start, created_before=end
    )
    assert message.startswith("created_after: is after created_before")
    assert server.requests == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2024-01-15", "2024-01-15"),
        ("2024-01-15T10:00:00Z", "2024-01-15T10:00:00Z"),
        ("2024-01-15T23:59:59Z", "2024-01-15"),
        ("2024-01-15T02:00:00+05:00", "2024-01-14"),
    ],
)
async def test_a_start_on_the_end_is_fine(scripted: Mem0, server: ScriptedServer, start: str, end: str) -> None:
    server.script(EMPTY)
    await scripted.ok("get_memories", user_id="alice", start_date=start, end_date=end)
    await scripted.ok("search_memories", user_id="alice", query="x", created_after=start, created_before=end)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # Days are Mem0's own; moments need a filter, since its start_date and end_date are whole days.
        ({"start_date": " 2024-01-15 "}, {"start_date": "2024-01-15", "filters": {"user_id": "alice"}}),
        (
            {"start_date": "2024-01-15T09:30:00Z"},
            {"filters": {"user_id": "alice", "created_at": {"gte": "2024-01-15T09:30:00Z"}}},
        ),
        (
            {"start_date": "2024-01-15", "end_date": "2024-01-16T10:00:00+02:00"},
            {
                "start_date": "2024-01-15",
                "filters": {"user_id": "alice", "created_at": {"lte": "2024-01-16T08:00:00Z"}},
            },
        ),
        (
            {"end_date": "2024-01-16t10:00:00z"},
            {"filters": {"user_id": "alice", "created_at": {"lte": "2024-01-16T10:00:00Z"}}},
        ),
        (
            {"end_date": "2024-01-16T10:00:00"},
            {"filters": {"user_id": "alice", "created_at": {"lte": "2024-01-16T10:00:00Z"}}},
        ),
    ],
)
async def test_a_list_sends_days_as_days_and_moments_as_a_filter(
    scripted: Mem0, server: ScriptedServer, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    server.script(EMPTY)
    await scripted.ok("get_memories", user_id="alice", **given)
    assert server.requests[0].json() == {"page": 1, "page_size": 10, **expected}


async def test_a_search_covers_the_whole_last_day(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(EMPTY)
    await scripted.ok(
        "search_memories", user_id="alice", query="x", created_after="2024-01-15", created_before="2024-12-31"
    )
    created = server.requests[0].json()["filters"]["created_at"]
    assert created == {"gte": "2024-01-15T00:00:00Z", "lte": "2024-12-31T23:59:59.999999Z"}


# 23:59:59 on the last day, in UTC: the second that a careless end date cuts off.
LAST_SECOND = 1735689599


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2024-12-31", "2024-12-31", True),
        ("2024-12-31", None, True),
        (None, "2024-12-31", True),
        (None, "2024-12-30", False),
        ("2025-01-01", None, False),
        ("2024-12-31T23:59:59Z", "2024-12-31T23:59:59Z", True),
        ("2024-12-31T23:59:59.5Z", None, False),
        (None, "2024-12-31T23:59:58Z", False),
        ("2025-01-01T00:59:59+01:00", "2024-12-31", True),
    ],
)
async def test_both_ends_are_inclusive(mem0: Mem0, start: str | None, end: str | None, *, found: bool) -> None:
    await mem0.ok("add_memories", user_id="alice", messages="I like fireworks.", infer=False, timestamp=LAST_SECOND)
    listed = await mem0.ok("get_memories", user_id="alice", start_date=start, end_date=end)
    searched = await mem0.ok(
        "search_memories", user_id="alice", query="fireworks", created_after=start, created_before=end
    )
    assert (len(listed["ids"]), len(searched["ids"])) == (found, found)
