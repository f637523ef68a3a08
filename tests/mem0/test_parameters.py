"""Ids, numbers and unknown parameters: cleaned or refused before any request."""

import json
import math
from types import SimpleNamespace
from typing import Any

import pytest

from modulex_mem0.contract import is_blank
from tests.helpers.scripted_server import Exchange, ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import BY_NAME, Mem0, example_input, takes

EMPTY = json_reply({"results": [], "count": 0})
LIMITS = {"search_memories": 1000, "get_memories": 200, "list_events": 200, "list_entities": 200}
NO_LIMITS: list[Any] = [-5, 0, "0", "-5", 5000, "5000", True, False, "true", "ten", 1.5, "1.5", [10], 1e300]
SCOPES = [(name, action) for name in ("agent_id", "app_id", "run_id") for action in takes(name)]
NO_NAMES: list[Any] = [
    "",
    "   ",
    "\t\n",
    "*",
    " * ",
    "a\nb",
    "a\x00b",
    "a\x7f",
    None,
    5.5,
    True,
    ["alice"],
    {"eq": "a"},
]
NO_IDS: list[Any] = [
    "..", ".", "a/b", "a/../b", "%2e%2e", "%2F", "a b", " a", "a ", "", " ", "a?b", "a#b", "a\\b", "a\n", "ä", "*",
    "a" * 200, "-a", 5.5, True, ["a"], {"a": 1},
]  # fmt: skip


@pytest.mark.parametrize("user_id", NO_NAMES, ids=repr)
@pytest.mark.parametrize("action", [name for name in takes("user_id") if name != "get_event"])
async def test_a_user_id_that_names_nobody_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, user_id: object
) -> None:
    server.script(json_reply({}))
    assert "user_id: " in await scripted.refuses(action, **example_input(action, user_id=user_id))
    assert server.requests == []


@pytest.mark.parametrize("user_id", [name for name in NO_NAMES if name is not None and not is_blank(name)], ids=repr)
async def test_an_optional_user_id_that_names_nobody_is_refused(
    scripted: Mem0, server: ScriptedServer, user_id: object
) -> None:
    server.script(json_reply({}))
    assert "user_id: " in await scripted.refuses("get_event", **example_input("get_event", user_id=user_id))
    assert server.requests == []


@pytest.mark.parametrize("value", ["*", "a\nb", 5.5, True, ["a"], {"eq": "a"}], ids=repr)
@pytest.mark.parametrize(("name", "action"), SCOPES)
async def test_a_narrower_scope_that_names_nothing_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, name: str, value: object
) -> None:
    server.script(json_reply({}))
    assert f"{name}: " in await scripted.refuses(action, **example_input(action, **{name: value}))
    assert server.requests == []


async def test_user_and_narrower_scopes_are_trimmed(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"results": []}))
    await scripted.ok("search_memories", user_id="  alice \n", app_id=" chef ", query="x")
    assert server.requests[0].json()["filters"] == {"user_id": "alice", "app_id": "chef"}


@pytest.mark.parametrize("user_id", ["alice@example.com", "user_123", "Åsa Öberg", "a/b", "../x", "**", "%2A", "张伟"])
async def test_a_user_id_may_hold_any_printable_characters(
    scripted: Mem0, server: ScriptedServer, user_id: str
) -> None:
    server.script(json_reply({"results": []}))
    await scripted.ok("search_memories", user_id=user_id, query="x")
    assert server.requests[0].json()["filters"] == {"user_id": user_id}


@pytest.mark.parametrize(
    ("action", "memory_id"),
    # Blank, an optional one was left out.
    [(a, i) for a in takes("memory_id") for i in NO_IDS if a != "get_memories" or not is_blank(i)],
)
async def test_only_a_plain_memory_id_becomes_a_part_of_a_path(
    scripted: Mem0, server: ScriptedServer, action: str, memory_id: object
) -> None:
    server.script(json_reply({}))
    assert "memory_id: " in await scripted.refuses(action, **example_input(action, memory_id=memory_id))
    assert server.requests == []


@pytest.mark.parametrize("event_id", [*NO_IDS, None], ids=repr)
async def test_only_a_plain_event_id_becomes_a_part_of_a_path(
    scripted: Mem0, server: ScriptedServer, event_id: object
) -> None:
    server.script(json_reply({}))
    assert "event_id: " in await scripted.refuses("get_event", event_id=event_id)
    assert server.requests == []


@pytest.mark.parametrize("memory_id", NO_IDS, ids=repr)
async def test_a_batch_names_the_id_that_is_none(scripted: Mem0, server: ScriptedServer, memory_id: object) -> None:
    server.script(json_reply({}))
    message = await scripted.refuses("batch_delete_memories", user_id="alice", memory_ids=["good", memory_id])
    assert message.startswith("memory_ids[1]: ")
    message = await scripted.refuses(
        "batch_update_memories", user_id="alice", memories=[{"memory_id": memory_id, "text": "x"}]
    )
    assert message.startswith("memories[0].memory_id: ")
    assert server.requests == []


@pytest.mark.parametrize(
    "entity_id",
    ["", " ", "*", ".", "..", "a/../b", "../users", "a/..", "..\\a", "a\\.\\b", "a\nb", None, 5.5],
    ids=repr,
)
async def test_an_entity_id_cannot_climb_out_of_its_path(
    scripted: Mem0, server: ScriptedServer, entity_id: object
) -> None:
    server.script(json_reply({}))
    message = await scripted.refuses("delete_entity", entity_type="user", entity_id=entity_id, confirm=True)
    assert message.startswith("entity_id: ")
    assert server.requests == []


@pytest.mark.parametrize(
    ("entity_id", "target"),
    [
        ("alice@example.com", "/v2/entities/user/alice%40example.com/"),
        ("a/b", "/v2/entities/user/a%2Fb/"),
        ("a..b", "/v2/entities/user/a..b/"),
        ("%2e%2e", "/v2/entities/user/%252e%252e/"),
        ("a?b#c", "/v2/entities/user/a%3Fb%23c/"),
        ("ä ö", "/v2/entities/user/%C3%A4%20%C3%B6/"),
    ],
)
async def test_an_entity_id_stays_one_segment_of_its_path(
    scripted: Mem0, server: ScriptedServer, entity_id: str, target: str
) -> None:
    server.script(json_reply({"message": "Delete in progress."}))
    await scripted.ok("delete_entity", entity_type="user", entity_id=entity_id, confirm=True)
    assert [request.target for request in server.requests] == [target]


@pytest.mark.parametrize("action", BY_NAME)
async def test_an_unknown_parameter_is_refused(scripted: Mem0, server: ScriptedServer, action: str) -> None:
    server.script(json_reply({}))
    message = await scripted.refuses(action, **example_input(action, no_such_thing=1))
    assert message.startswith(f"no_such_thing: is not a parameter of {action}")
    assert server.requests == []


@pytest.mark.parametrize(
    ("action", "wrong", "right"),
    [
        ("search_memories", "user", "user_id"),
        ("search_memories", "limits", "limit"),
        ("get_memories", "memoryid", "memory_id"),
        ("get_memories", "startdate", "start_date"),
        ("add_memories", "message", "messages"),
        ("delete_memory", "memory", "memory_id"),
    ],
)
async def test_a_misspelt_parameter_gets_a_suggestion(scripted: Mem0, action: str, wrong: str, right: str) -> None:
    assert f"{right!r}" in await scripted.refuses(action, **example_input(action, **{wrong: "x"}))


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
async def test_milliseconds_are_not_taken_as_seconds(scripted: Mem0, timestamp: object) -> None:
    message = await scripted.refuses("add_memories", user_id="alice", messages="Hi", timestamp=timestamp)
    assert message == "timestamp: must be in seconds since 1970; this is in milliseconds"


@pytest.mark.parametrize("timestamp", [0, "0", " 0 ", 0.0, "0.0"], ids=repr)
async def test_a_number_that_nobody_entered_does_not_date_a_memory_to_1970(
    scripted: Mem0, server: ScriptedServer, timestamp: object
) -> None:
    server.script(EMPTY)
    message = await scripted.refuses("add_memories", user_id="alice", messages="Hi", timestamp=timestamp)
    assert message.startswith("timestamp: 0 is what programs send for an empty number; leave it out")
    assert server.requests == []


@pytest.mark.parametrize(("value", "sent"), [("0.5", 0.5), (0, 0), (1, 1)])
async def test_a_threshold_is_sent_even_if_it_is_zero(
    scripted: Mem0, server: ScriptedServer, value: object, sent: float
) -> None:
    server.script(EMPTY)
    await scripted.ok("search_memories", user_id="alice", query="x", threshold=value)
    assert server.requests[0].json()["threshold"] == sent


ENCODED: list[tuple[str, str, Any]] = [
    ("add_memories", "metadata", {"a": {"b": "[1]"}}),
    ("add_memories", "custom_categories", [{"travel": "Trips"}]),
    ("search_memories", "filters", {"app_id": "chef"}),
    ("search_memories", "metadata", {"a": 1}),
    ("search_memories", "categories", ["food", "travel"]),
    ("get_memories", "filters", {"NOT": [{"app_id": "chef"}]}),
    ("get_memories", "categories", ["food"]),
    ("summarize_memories", "filters", {"app_id": "chef"}),
    ("create_memory_export", "export_schema", {"type": "object"}),
    ("update_memory", "metadata", {"a": 1}),
    ("batch_update_memories", "memories", [{"memory_id": "m-1", "metadata": {"a": 1}}]),
    ("batch_delete_memories", "memory_ids", ["m-1"]),
    ("delete_memories", "metadata", {"a": 1}),
]


@pytest.mark.parametrize(("action", "name", "value"), ENCODED)
async def test_json_may_be_encoded_more_than_once(
    scripted: Mem0, server: ScriptedServer, *, action: str, name: str, value: Any
) -> None:
    def step(exchange: Exchange) -> None:
        memory_id = exchange.request.target.split("/")[3] if exchange.request.method == "GET" else "x"
        whole = {"id": memory_id, "user_id": "alice", "status": "PENDING", "results": [], "count": 0}
        json_reply(whole if memory_id != "x" else {**whole, "id": example_input(action).get("memory_id", "x")})(
            exchange
        )

    given = example_input(action)
    given.pop("everything", None)
    server.script(step)
    await scripted.ok(action, **{**given, name: value})
    bodies = [request.body for request in server.requests]
    text: Any = value
    for _ in range(5):
        text = json.dumps(text)
        server.script(step)
        await scripted.ok(action, **{**given, name: text})
        assert [request.body for request in server.requests] == bodies
    server.script(step)
    message = await scripted.refuses(action, **{**given, name: json.dumps(text)})
    assert message.startswith(f"{name}: is encoded as JSON more than 5 times over")
    assert server.requests == []


HALF = "a\ud83d"
#: Every kind of free text and of free JSON; JSON.stringify writes half of an emoji as an escape.
UNSENDABLE: list[tuple[str, str, Any]] = [
    ("search_memories", "query", HALF),
    ("search_memories", "metadata", {HALF: 1}),
    ("search_memories", "metadata", '{"a": NaN}'),
    ("search_memories", "filters", {"metadata": {"a": HALF}}),
    ("search_memories", "filters", '{"metadata": {"a": "\\ud83d"}}'),
    ("search_memories", "filters", '{"\\ud83d": 1}'),
    ("search_memories", "filters", {"metadata": {"a": math.nan}}),
    ("search_memories", "categories", HALF),
    ("get_memories", "keywords", HALF),
    ("add_memories", "messages", HALF),
    ("add_memories", "messages", [{"role": "user", "content": HALF}]),
    ("add_memories", "messages", '[{"role": "user", "content": "\\ud83d"}]'),
    ("add_memories", "messages", [SimpleNamespace(model_dump=lambda: {"role": "user", "content": HALF})]),
    (
        "add_memories",
        "messages",
        [{"role": "user", "content": [{"type": "image_url", "image_url": f"https://x/{HALF}"}]}],
    ),
    ("add_memories", "metadata", {"a": [HALF]}),
    ("add_memories", "metadata", {"a": [1.5, math.inf]}),
    ("add_memories", "custom_categories", [{HALF: "Trips"}]),
    ("add_memories", "includes", HALF),
    ("update_memory", "text", HALF),
    ("update_memory", "metadata", {"a": math.nan}),
    ("batch_update_memories", "memories", [{"memory_id": "m-1", "text": "x"}, {"memory_id": "m-2", "text": HALF}]),
    ("batch_update_memories", "memories", [{"memory_id": "m-1", "metadata": {"a": math.nan}}]),
    ("submit_feedback", "feedback_reason", HALF),
    ("create_memory_export", "export_schema", {"title": HALF}),
    ("delete_memories", "metadata", {"a": HALF}),
]


@pytest.mark.parametrize(("action", "name", "value"), UNSENDABLE, ids=lambda value: ascii(value)[:40])
async def test_what_no_request_could_carry_is_refused_with_its_name_before_any_request(
    scripted: Mem0, server: ScriptedServer, *, action: str, name: str, value: Any
) -> None:
    server.script(json_reply({}))
    given = example_input(action, **{name: value})
    given.pop("everything", None)
    assert (await scripted.refuses(action, **given)).startswith(f"{name}: holds ")
    assert server.requests == []
