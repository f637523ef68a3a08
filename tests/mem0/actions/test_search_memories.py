"""Searching what is remembered of a user."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0

EMPTY = json_reply({"results": []})


async def test_the_best_result_comes_first_with_a_score(mem0: Mem0) -> None:
    tea, _, _ = await mem0.remember("alice", "I like green tea.", "I like red cars.", "My sister lives in Rome.")
    output = await mem0.ok("search_memories", user_id="alice", query="green tea", threshold=0)
    assert output["ids"][0] == tea
    assert output["ids"] == [result["id"] for result in output["search_results"]]
    scores = [result["score"] for result in output["search_results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


async def test_nothing_found_is_a_success(mem0: Mem0) -> None:
    output = await mem0.ok("search_memories", user_id="alice", query="tea")
    assert (output["search_results"], output["ids"]) == ([], [])


async def test_no_more_than_the_limit_is_found(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like green tea.", "I like black tea.", "I like white tea.")
    assert len((await mem0.ok("search_memories", user_id="alice", query="tea", limit=2))["ids"]) == 2


async def test_other_users_memories_are_not_found(mem0: Mem0) -> None:
    await mem0.remember("bob", "I like green tea.")
    assert (await mem0.ok("search_memories", user_id="alice", query="green tea", threshold=0))["ids"] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"app_id": "chef"}, {"I like tea at noon."}),
        ({"metadata": {"source": "form"}}, {"I like tea at night."}),
        ({"metadata": '{"source": "form"}'}, {"I like tea at night."}),
        ({"filters": {"metadata": {"source": {"ne": "form"}}}}, {"I like tea at noon."}),
        ({"filters": {"NOT": {"app_id": "chef"}}}, {"I like tea at night."}),
        (
            {"filters": {"OR": [{"app_id": "chef"}, {"metadata": {"source": "form"}}]}},
            {"I like tea at noon.", "I like tea at night."},
        ),
        ({"created_before": "2001-01-01"}, set()),
        ({"threshold": 0, "show_expired": True}, {"I like tea at noon.", "I like tea at night.", "I like no tea."}),
    ],
    # The order of a set differs between processes, and test ids must not.
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)  # fmt: skip
async def test_options_narrow_the_search(mem0: Mem0, given: dict[str, Any], expected: set[str]) -> None:
    await mem0.remember("alice", "I like tea at noon.", app_id="chef", metadata={"source": "chat"})
    await mem0.remember("alice", "I like tea at night.", metadata={"source": "form"})
    await mem0.remember("alice", "I like no tea.", metadata={"source": "x"}, expiration_date="2020-01-01", app_id="old")
    output = await mem0.ok("search_memories", user_id="alice", query="tea", **given)
    assert {result["memory"] for result in output["search_results"]} == expected


async def test_optional_parameters_become_the_documented_fields(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(EMPTY)
    await scripted.ok(
        "search_memories",
        user_id="alice",
        query="food",
        agent_id="planner",
        app_id="chef",
        run_id="r-1",
        filters='{"OR": [{"agent_id": "a"}, {"app_id": "b"}]}',
        threshold=0.3,
        rerank=True,
        categories="food, travel",
        metadata={"source": "chat"},
        show_expired="true",
        reference_date="2024-06-01",
        created_after="2024-01-15T10:00:00+02:00",
    )
    either = {"OR": [{"user_id": "alice"}, {"metadata": {"for_user_id": "alice"}}]}
    own = {"agent_id": "planner", "app_id": "chef", "run_id": "r-1"}
    assert server.requests[0].json() == {
        "query": "food",
        "filters": {
            "AND": [
                either,
                {**own, "created_at": {"gte": "2024-01-15T08:00:00Z"}},
                {"OR": [{"agent_id": "a"}, {"app_id": "b"}]},
            ]
        },
        "top_k": 10,
        "threshold": 0.3,
        "rerank": True,
        "categories": ["food", "travel"],
        "metadata": {"source": "chat"},
        "show_expired": True,
        "reference_date": "2024-06-01",
    }


@pytest.mark.parametrize("query", ["", "  \n", None, 5, ["tea"]], ids=repr)
async def test_a_search_for_nothing_is_refused(scripted: Mem0, server: ScriptedServer, query: object) -> None:
    server.script(EMPTY)
    assert (await scripted.refuses("search_memories", user_id="alice", query=query)).startswith("query: ")
    assert server.requests == []


async def test_a_query_may_hold_anything(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like tea.")
    for query in ('"', "'; DROP TABLE memories; --", "tea*", "NEAR(", "🍵", "AND OR NOT", "\\", "%", "x" * 5000):
        await mem0.ok("search_memories", user_id="alice", query=query)
    assert await mem0.texts("alice") == {"I like tea."}
