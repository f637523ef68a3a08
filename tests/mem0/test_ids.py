"""Ids: a number is its text, and what a template or a program writes for a missing id is nobody's."""

from typing import Any

import pytest

from modulex_mem0.mem0.ids import same_id
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import NAMES, Mem0, example_input, takes

TEMPLATES = [
    "{{user_id}}", "{{ $json.user }}", "tenant-{{user}}", "${user}", "${user.id}", "#{user}", "{user}", "user_{id}",
    "{% user %}", "<user_id>", "<your-user-id>", "<%= user %>", "<User object at 0x7f>", "%USER%", "tenant-%USER%",
    "%USER%-1", "$USER_ID", "$user", ":user_id", "[user_id]", "[object Object]", "user-[object Object]",
    "YOUR_USER_ID", "your-user-id", "{'id': 5}", '{"id": 5}', '["alice"]',
]  # fmt: skip
MISSING = [
    "undefined", "None", "null", "NaN", "NULL", "none", "nan", "Undefined", "nil", "(null)", " undefined ",
    "user-undefined", "undefined-5", "tenant:None", "user_null", "acme/undefined/5",
]  # fmt: skip
NAMES_OF_PEOPLE = [
    "alice", "Alice <alice@example.com>", "<alice@example.com>", "nullius", "Nancy", "undefinedalice", "none-the-wiser",
    "{7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11}", "100%", "50% off", "%E5%BC%A0", "a%20b", "a$b", "a:b", "$5", "5",
    "user_id", "user_123", "@alice", "#alice", "a<b", "a > b", "x[1]", "auth0|5f7", "true", "C:\\users\\alice",
]  # fmt: skip
IDS = [(action, name) for action in NAMES for name in example_input(action) if name.endswith("_id")]
SCOPES = [(action, name) for name in ("agent_id", "app_id", "run_id") for action in takes(name)]


@pytest.mark.parametrize("value", TEMPLATES)
@pytest.mark.parametrize(("action", "name"), IDS + SCOPES)
async def test_a_template_that_was_not_filled_in_is_refused_by_name(
    scripted: Mem0, server: ScriptedServer, action: str, name: str, value: str
) -> None:
    server.script(json_reply({}))
    message = await scripted.refuses(action, **example_input(action, **{name: value}))
    assert message.startswith(f"{name}: ")
    assert repr(value) in message
    assert "template" in message
    assert server.requests == []


@pytest.mark.parametrize("value", MISSING)
@pytest.mark.parametrize(("action", "name"), [*IDS, ("search_memories", "agent_id"), ("delete_memories", "run_id")])
async def test_what_is_written_for_a_missing_id_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, name: str, value: str
) -> None:
    server.script(json_reply({}))
    message = await scripted.refuses(action, **example_input(action, **{name: value}))
    assert message.startswith(f"{name}: ")
    assert server.requests == []


@pytest.mark.parametrize("filler", ["a", "{", "{{", "<"])
async def test_a_text_that_is_too_long_for_an_id_is_refused_at_once(
    scripted: Mem0, server: ScriptedServer, filler: str
) -> None:
    # Searched for templates to its end, it would hold up the event loop for minutes.
    text = filler * 400_000
    server.script(json_reply({"results": []}))
    for given in ({"user_id": text}, {"user_id": "alice", "filters": {"app_id": text}}):
        message = await scripted.refuses("search_memories", query="tea", **given)
        assert "is longer than 1000 characters, which is no id" in message
    assert server.requests == []
    await scripted.ok("search_memories", user_id="a" * 1000, query="tea")


@pytest.mark.parametrize("value", ["{{id}}", "undefined", "null", "[object Object]"])
async def test_ids_in_lists_and_filters_are_no_templates_either(
    scripted: Mem0, server: ScriptedServer, value: str
) -> None:
    server.script(json_reply({}))
    more: list[tuple[str, dict[str, Any], str]] = [
        ("batch_delete_memories", {"memory_ids": ["m-1", value]}, "memory_ids[1]: "),
        ("batch_update_memories", {"memories": [{"memory_id": value, "text": "x"}]}, "memories[0].memory_id: "),
        ("search_memories", {"query": "x", "filters": {"agent_id": value}}, "filters: agent_id: "),
        ("get_memories", {"filters": {"OR": [{"run_id": {"in": ["r-1", value]}}]}}, "filters: OR[0].run_id: "),
        ("get_memories", {"filters": {"NOT": {"app_id": {"ne": value}}}}, "filters: NOT.app_id: "),
    ]
    for action, given, start in more:
        message = await scripted.refuses(action, user_id="alice", **given)
        assert message.startswith(start), message
        assert "template" in message
    assert server.requests == []


@pytest.mark.parametrize("user_id", NAMES_OF_PEOPLE)
async def test_ids_that_only_look_alike_are_ordinary(scripted: Mem0, server: ScriptedServer, user_id: str) -> None:
    server.script(json_reply({"results": []}))
    await scripted.ok("search_memories", user_id=user_id, query="x", run_id=user_id)
    assert server.requests[0].json()["filters"] == {"user_id": user_id, "run_id": user_id}


async def test_a_number_is_the_id_as_text(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"results": [], "status": "PENDING"}))
    await scripted.ok("search_memories", user_id=12345, query="x", run_id=7, filters={"user_id": 12345, "app_id": "a"})
    await scripted.ok("add_memories", user_id=12345, messages="Hi", app_id=0)
    search, add = (request.json() for request in server.requests)
    assert search["filters"]["AND"] == [{"user_id": "12345", "run_id": "7"}, {"user_id": "12345", "app_id": "a"}]
    assert (add["user_id"], add["app_id"]) == ("12345", "0")


async def test_a_number_is_a_memorys_id_as_text(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"id": 5, "user_id": 12345, "memory": "User likes tea"}))
    output = await scripted.ok("get_memory", user_id=12345, memory_id=5)
    assert (output["memory"]["id"], output["memory"]["user_id"]) == ("5", "12345")
    assert server.requests[0].target == "/v1/memories/5/"


@pytest.mark.parametrize("value", [True, False, 1.0, 12345.5, float("nan"), float("inf"), [1], {"id": 1}, 10**60])
@pytest.mark.parametrize(("action", "name"), IDS)
async def test_booleans_fractions_and_lists_are_no_ids(
    scripted: Mem0, server: ScriptedServer, action: str, name: str, value: object
) -> None:
    server.script(json_reply({}))
    message = await scripted.refuses(action, **example_input(action, **{name: value}))
    assert message.startswith(f"{name}: must be text")
    assert server.requests == []


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        ("m-1", "m-1", True),
        (5, "5", True),
        ("7F1F2D0E-7A3C-4B57-9F0A-0D8A3F6F2B11", "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11", True),
        ("7f1f2d0e7a3c4b579f0a0d8a3f6f2b11", "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11", True),
        ("M-1", "m-1", False),
        ("m-1 ", "m-1", False),
        (None, "None", False),
        (True, "True", False),
        (1.0, "1.0", False),
        (["m-1"], "m-1", False),
        ({"id": "m-1"}, "m-1", False),
    ],
)
def test_two_spellings_of_one_uuid_are_one_id(found: object, wanted: str, *, same: bool) -> None:
    assert same_id(found, wanted) is same
