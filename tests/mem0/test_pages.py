"""All pages of a list: a part is never passed off as the whole, whatever the service does in between."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.helpers.scripted_server import Exchange, ScriptedServer, Step
from tests.helpers.steps import drip, hang, json_reply, reply, reset
from tests.mem0.client import Mem0

ALL = {"user_id": "alice", "return_all": True}
NEXT = "https://api.mem0.ai/v3/memories/?page=next"
INVALID_PAGE = json_reply({"detail": "Invalid page."}, 404)


def memories(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": f"m-{number}", "memory": f"Fact {number}", "user_id": "alice"} for number in numbers]


def page(*numbers: int, more: bool, count: int = 9) -> Step:
    return json_reply({"count": count, "next": NEXT if more else None, "previous": None, "results": memories(*numbers)})


def ids(*numbers: int) -> list[str]:
    return [f"m-{number}" for number in numbers]


async def test_a_long_list_comes_whole(mem0: Mem0) -> None:
    facts = [f"Fact number {number}." for number in range(450)]
    said = [{"role": "user", "content": fact} for fact in facts]
    await mem0.ok("add_memories", user_id="alice", messages=said, infer=False)
    await mem0.ok("add_memories", user_id="bob", messages="I like gin.", infer=False)
    output = await mem0.ok("get_memories", **ALL)
    assert sorted(memory["memory"] for memory in output["memories"]) == sorted(facts)
    assert len(set(output["ids"])) == 450
    assert (output["count"], output["next"]) == (450, None)


async def test_the_pages_are_as_large_as_the_service_allows(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(page(1, more=True), page(2, more=False))
    await scripted.ok("get_memories", **ALL, limit=5)
    bodies = [request.json() for request in server.requests]
    assert [(body["page"], body["page_size"]) for body in bodies] == [(1, 200), (2, 200)]


async def test_a_clamped_page_size_is_survived(scripted: Mem0, server: ScriptedServer) -> None:
    def clamped(exchange: Exchange) -> None:
        # A server that gives three at most, whatever it is asked for.
        number = exchange.request.json()["page"]
        page(*range(3 * number - 2, 3 * number + 1), more=number < 3)(exchange)

    server.script(clamped)
    output = await scripted.ok("get_memories", **ALL)
    assert (output["ids"], output["next"]) == (ids(*range(1, 10)), None)


@pytest.mark.parametrize("middle", [(), (2,), (1, 2)], ids=["empty", "short", "overlapping"])
async def test_a_short_page_in_the_middle_is_not_the_end(
    scripted: Mem0, server: ScriptedServer, middle: tuple[int, ...]
) -> None:
    server.script(page(1, more=True), page(*middle, more=True), page(3, more=False))
    output = await scripted.ok("get_memories", **ALL)
    assert output["ids"] == ids(*dict.fromkeys((1, *middle, 3)))
    assert output["next"] is None


async def test_an_invalid_last_page_is_the_end(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(page(1, 2, more=True), INVALID_PAGE)
    output = await scripted.ok("get_memories", **ALL)
    assert (output["ids"], output["next"]) == (ids(1, 2), None)


async def test_another_404_is_not_the_end(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(page(1, 2, more=True), json_reply({"detail": "Not found."}, 404))
    result = await scripted.call("get_memories", ALL)
    assert result.error is not None
    assert result.error.code == "not_found"
    assert result.output["ids"] == ids(1, 2)
    assert result.output["next"]


def with_ids(number: int) -> list[dict[str, Any]]:
    return memories(number)


def without_ids(_: int) -> list[dict[str, Any]]:
    return [{"memory": "Fact", "user_id": "alice"}]


def nothing(_: int) -> list[dict[str, Any]]:
    return []


@pytest.mark.parametrize("content", [with_ids, without_ids, nothing], ids=lambda f: f.__name__)
async def test_a_next_that_loops_ends(
    scripted: Mem0, server: ScriptedServer, content: Callable[[int], list[dict[str, Any]]]
) -> None:
    server.script(json_reply({"count": 2, "next": NEXT, "results": content(1)}))
    output = await scripted.ok("get_memories", **ALL)
    assert output["memories"] or content is nothing
    assert output["next"] is not None
    assert len(server.requests) < 10


async def test_two_pages_that_lead_to_each_other_end(scripted: Mem0, server: ScriptedServer) -> None:
    def circle(exchange: Exchange) -> None:
        page(exchange.request.json()["page"] % 2, more=True)(exchange)

    server.script(circle)
    output = await scripted.ok("get_memories", **ALL)
    assert sorted(output["ids"]) == ids(0, 1)
    assert output["next"] is not None
    assert len(server.requests) < 10


@pytest.mark.parametrize(
    ("most", "expected", "more"),
    [(1, ids(1), True), (2, ids(1, 2), True), (3, ids(1, 2, 3), False), (99, ids(1, 2, 3), False)],
)
async def test_it_stops_at_max_items_and_next_says_that_there_is_more(
    scripted: Mem0, server: ScriptedServer, most: int, expected: list[str], *, more: bool
) -> None:
    server.script(page(1, 2, more=True), page(3, more=False))
    output = await scripted.ok("get_memories", **ALL, max_items=most)
    assert output["ids"] == expected
    assert (output["next"] is not None) is more
    assert len(server.requests) == (2 if most > 2 else 1)


async def test_max_items_within_the_last_page_says_that_there_is_more(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(page(1, 2, 3, more=False))
    output = await scripted.ok("get_memories", **ALL, max_items=2)
    assert output["ids"] == ids(1, 2)
    assert output["next"] is not None


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (reply(500), "service_error"),
        (reply(429, headers={"retry-after": "3000"}), "rate_limited"),
        (reply(401), "unauthorized"),
        (reply(200, b"null"), "bad_response"),
        (reply(200, b"[]"), "bad_response"),
        (reply(200, b"<html>"), "bad_response"),
        (json_reply({"results": None}), "bad_response"),
        (json_reply({"error": "Oops"}), "service_error"),
        (reset, "connection_failed"),
        (hang, "timeout"),
        (drip, "timeout"),
    ],
)
async def test_a_failure_after_some_pages_keeps_them_and_says_where_to_go_on(
    scripted: Mem0, server: ScriptedServer, failure: Step, code: str
) -> None:
    server.script(page(1, 2, more=True), page(3, more=True), failure)
    result = await scripted.call("get_memories", ALL, timeout=1)
    assert result.error is not None
    assert (result.error.code, result.success) == (code, False)
    assert result.output["ids"] == ids(1, 2, 3)
    assert len(result.output["memories"]) == 3
    assert result.output["count"] == 9
    assert "page=3" in result.output["next"]


async def test_a_failure_of_the_first_page_is_just_a_failure(scripted: Mem0, server: ScriptedServer) -> None:
    for failure in (reply(401), INVALID_PAGE):
        server.script(failure)
        result = await scripted.call("get_memories", ALL)
        assert result.error is not None
        assert (result.output["memories"], result.output["next"]) == ([], None)


async def test_it_begins_at_the_given_page(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(page(5, more=True), page(6, more=False))
    assert (await scripted.ok("get_memories", **ALL, page=3))["ids"] == ids(5, 6)
    assert [request.json()["page"] for request in server.requests] == [3, 4]
