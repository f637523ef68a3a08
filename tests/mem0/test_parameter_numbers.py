"""Numbers may arrive as text from a form; what is out of range, or no number, is refused before any request."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.helpers.kit import Mem0, example_input

EMPTY = json_reply({"results": [], "count": 0})
LIMITS = {"search_memories": 1000, "get_memories": 200, "list_events": 200, "list_entities": 200}
NO_LIMITS: list[Any] = [-5, 0, "0", "-5", 5000, "5000", True, False, "true", "ten", "", 1.5, "1.5", [10], {}, 1e300]


@pytest.mark.parametrize("limit", NO_LIMITS, ids=repr)
@pytest.mark.parametrize("action", LIMITS)
async def test_a_limit_out_of_range_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, limit: object
) -> None:
    server.script(EMPTY)
    assert (await scripted.refuses(action, **example_input(action, limit=limit))).startswith("limit: ")
    assert server.requests == []


@pytest.mark.parametrize(("action", "most"), LIMITS.items())
async def test_a_limit_reaches_from_one_to_the_services_own(
    scripted: Mem0, server: ScriptedServer, action: str, most: int
) -> None:
    server.script(EMPTY)
    for limit in (1, most, "10", f" {most} ", 10.0):
        await scripted.ok(action, **example_input(action, limit=limit))
    assert (await scripted.refuses(action, **example_input(action, limit=most + 1))).startswith("limit: ")
    assert len(server.requests) == 5


async def test_a_limit_as_text_is_sent_as_a_number(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(EMPTY)
    await scripted.ok("search_memories", user_id="alice", query="x", limit="25")
    await scripted.ok("get_memories", user_id="alice", limit="25", page="3")
    search, listing = (request.json() for request in server.requests)
    assert (search["top_k"], listing["page_size"], listing["page"]) == (25, 25, 3)
    assert {type(search["top_k"]), type(listing["page"])} == {int}


@pytest.mark.parametrize("page", [0, -1, "0", True, "one", 1.5, 10**20], ids=repr)
@pytest.mark.parametrize("action", ["get_memories", "list_events", "list_entities"])
async def test_a_page_counts_from_one(scripted: Mem0, server: ScriptedServer, action: str, page: object) -> None:
    server.script(EMPTY)
    assert (await scripted.refuses(action, **example_input(action, page=page))).startswith("page: ")
    assert server.requests == []


@pytest.mark.parametrize(
    ("action", "name", "value"),
    [
        ("search_memories", "threshold", -0.1),
        ("search_memories", "threshold", 1.1),
        ("search_memories", "threshold", True),
        ("search_memories", "threshold", "nan"),
        ("search_memories", "threshold", "much"),
        ("get_memories", "max_items", 0),
        ("get_memories", "max_items", True),
        ("add_memories", "wait_timeout", 0),
        ("add_memories", "wait_timeout", -1),
        ("add_memories", "wait_timeout", 3601),
        ("add_memories", "wait_timeout", "inf"),
        ("add_memories", "wait_timeout", True),
        ("get_event", "wait_timeout", 0),
        ("add_memories", "timestamp", -1),
        ("add_memories", "timestamp", True),
        ("add_memories", "timestamp", "yesterday"),
        ("add_memories", "timestamp", "²"),
    ],
)
async def test_a_number_out_of_range_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, name: str, value: object
) -> None:
    server.script(EMPTY)
    assert (await scripted.refuses(action, **example_input(action, **{name: value}))).startswith(f"{name}: ")
    assert server.requests == []


@pytest.mark.parametrize("timestamp", [1735689600000, "1735689600000", 1735689600000.0, "1735689600000.0"], ids=repr)
async def test_milliseconds_are_told_from_seconds(scripted: Mem0, timestamp: object) -> None:
    told = await scripted.refuses("add_memories", user_id="alice", messages="Hi", timestamp=timestamp)
    assert told == "timestamp: must be in seconds since 1970; this is in milliseconds"


@pytest.mark.parametrize(("value", "sent"), [("0.5", 0.5), (0, 0), (1, 1)])
async def test_a_threshold_is_sent_even_if_it_is_zero(
    scripted: Mem0, server: ScriptedServer, value: object, sent: float
) -> None:
    server.script(EMPTY)
    await scripted.ok("search_memories", user_id="alice", query="x", threshold=value)
    assert server.requests[0].json()["threshold"] == sent
