"""Listing what is remembered of a user: pages, scopes, filters, one by its id."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0

EMPTY = json_reply({"count": 0, "next": None, "previous": None, "results": []})
TEXTS = ("I like tea.", "I like coffee.", "I hike in the Alps.")


async def test_what_was_added_is_listed_with_its_ids(mem0: Mem0) -> None:
    ids = await mem0.remember("alice", *TEXTS)
    output = await mem0.ok("get_memories", user_id="alice")
    assert {memory["memory"] for memory in output["memories"]} == set(TEXTS)
    assert output["ids"] == [memory["id"] for memory in output["memories"]]
    assert set(output["ids"]) == set(ids)
    assert (output["count"], output["next"], output["previous"]) == (3, None, None)


async def test_pages_cover_everything_once(mem0: Mem0) -> None:
    ids = await mem0.remember("alice", *TEXTS)
    first = await mem0.ok("get_memories", user_id="alice", limit=2)
    second = await mem0.ok("get_memories", user_id="alice", limit=2, page=2)
    assert sorted(first["ids"] + second["ids"]) == sorted(ids)
    assert (first["previous"], second["next"]) == (None, None)
    assert first["next"]
    assert second["previous"]
    assert (first["count"], second["count"]) == (3, 3)


async def test_a_page_past_the_last_is_empty(mem0: Mem0) -> None:
    await mem0.remember("alice", *TEXTS)
    for given in ({}, {"return_all": True}):
        output = await mem0.ok("get_memories", user_id="alice", page=9, **given)
        assert (output["memories"], output["next"]) == ([], None)


async def test_a_user_without_memories_has_an_empty_list(mem0: Mem0) -> None:
    output = await mem0.ok("get_memories", user_id="nobody")
    assert (output["memories"], output["ids"], output["count"]) == ([], [], 0)


async def test_one_memory_is_read_by_its_id(mem0: Mem0) -> None:
    (tea,) = await mem0.remember("alice", "I like tea.")
    output = await mem0.ok("get_memories", user_id="alice", memory_id=tea)
    assert [memory["memory"] for memory in output["memories"]] == ["I like tea."]
    assert output["ids"] == [tea]


async def test_another_users_memory_is_answered_as_one_that_does_not_exist(mem0: Mem0) -> None:
    (theirs,) = await mem0.remember("bob", "I like gin.")
    unknown = "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"
    foreign = await mem0.fails("get_memories", user_id="alice", memory_id=theirs)
    missing = await mem0.fails("get_memories", user_id="alice", memory_id=unknown)
    assert foreign.code == missing.code == "not_found"
    assert "gin" not in foreign.message


async def test_scopes_narrow_the_list(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like tea.", app_id="chef", run_id="r-1")
    await mem0.remember("alice", "I like coffee.", app_id="chef", run_id="r-2")
    await mem0.remember("alice", "I hike.", agent_id="guide")
    for scope, expected in (
        ({"app_id": "chef"}, {"I like tea.", "I like coffee."}),
        ({"app_id": "chef", "run_id": "r-2"}, {"I like coffee."}),
        ({"agent_id": "guide"}, {"I hike."}),
        ({"agent_id": "nobody"}, set()),
    ):
        output = await mem0.ok("get_memories", user_id="alice", **scope)
        assert {memory["memory"] for memory in output["memories"]} == expected


async def test_filters_categories_and_keywords_narrow_the_list(mem0: Mem0) -> None:
    await mem0.remember("alice", "I eat pizza.", metadata={"source": "chat"})
    await mem0.remember("alice", "I have a sister in Rome.", metadata={"source": "form"})
    for given, expected in (
        ({"filters": {"metadata": {"source": "form"}}}, {"I have a sister in Rome."}),
        ({"filters": '{"NOT": [{"metadata": {"source": "form"}}]}'}, {"I eat pizza."}),
        ({"keywords": "pizza"}, {"I eat pizza."}),
        ({"categories": ["food"]}, {"I eat pizza."}),
        ({"categories": "food, no_such"}, {"I eat pizza."}),
    ):
        output = await mem0.ok("get_memories", user_id="alice", **given)
        assert {memory["memory"] for memory in output["memories"]} == expected, given


async def test_expired_memories_are_listed_only_if_asked(mem0: Mem0) -> None:
    await mem0.ok("add_memories", user_id="alice", messages="I am ill.", infer=False, expiration_date="2020-01-01")
    assert (await mem0.ok("get_memories", user_id="alice"))["ids"] == []
    assert len((await mem0.ok("get_memories", user_id="alice", show_expired=True))["ids"]) == 1


async def test_optional_parameters_become_the_documented_fields(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(EMPTY)
    await scripted.ok(
        "get_memories",
        user_id="alice",
        agent_id="planner",
        app_id="chef",
        run_id="r-1",
        filters={"categories": {"in": ["food"]}},
        categories=["travel"],
        keywords="pizza",
        show_expired=True,
        end_date="2024-12-31",
    )
    assert server.requests[0].json() == {
        "filters": {
            "AND": [
                {"OR": [{"user_id": "alice"}, {"metadata": {"for_user_id": "alice"}}]},
                {"agent_id": "planner", "app_id": "chef", "run_id": "r-1"},
                {"categories": {"in": ["food"]}},
            ]
        },
        "end_date": "2024-12-31",
        "categories": ["travel"],
        "keywords": "pizza",
        "show_expired": True,
        "page": 1,
        "page_size": 10,
    }


@pytest.mark.parametrize(
    "given",
    [{"max_items": 5}, {"keywords": 5}, {"categories": ["food", ""]}, {"categories": [5]}, {"return_all": "perhaps"}],
    ids=str,
)
async def test_unusable_options_are_refused_before_a_request(
    scripted: Mem0, server: ScriptedServer, given: dict[str, Any]
) -> None:
    server.script(EMPTY)
    message = await scripted.refuses("get_memories", user_id="alice", **given)
    assert message.startswith(next(iter(given)))
    assert server.requests == []
