"""Adding memories: only messages are stored, accepted is not stored, and nothing is ever sent twice."""

import json
from typing import Any

import pytest

from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer, Step
from tests.helpers.steps import drip, hang, json_reply, raw, reply, reset
from tests.mem0.client import Mem0

PENDING = json_reply({"status": "PENDING", "event_id": "e-1"})
TEA = [{"role": "user", "content": "I like tea."}]
HELLO = {"role": "user", "content": "Hello"}
REPLY = {"role": "assistant", "content": "Hi, Alice"}


async def test_an_add_is_pending_then_remembered(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": "/v3/memories/add/", "event_delay": 3600, "calls": 1})
    accepted = await mem0.ok("add_memories", user_id="alice", messages=TEA)
    assert accepted["status"] == "PENDING"
    assert await mem0.memories("alice") == []
    done = await mem0.ok("add_memories", user_id="alice", messages=TEA, wait_for_completion=True)
    assert done["status"] == "SUCCEEDED"
    assert await mem0.texts("alice") == {"I like tea"}


async def test_without_inference_every_message_is_stored_word_for_word(mem0: Mem0) -> None:
    said = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Good evening."}]
    output = await mem0.ok("add_memories", user_id="alice", messages=said, infer=False, wait_for_completion=True)
    assert output["status"] == "SUCCEEDED"
    assert await mem0.texts("alice") == {"Hello?", "Good evening."}


async def test_scopes_metadata_and_expiration_are_remembered(mem0: Mem0) -> None:
    await mem0.ok(
        "add_memories",
        user_id="alice",
        messages="I like tea.",
        app_id="chef",
        run_id="trip-1",
        metadata='{"source": "chat"}',
        expiration_date="2999-12-31",
        timestamp="1735689600",
    )
    (memory,) = await mem0.memories("alice")
    assert (memory["app_id"], memory["run_id"], memory["metadata"]) == ("chef", "trip-1", {"source": "chat"})
    assert memory["created_at"].startswith("2025-01-01T00:00:00")


async def test_optional_parameters_are_sent_under_their_own_names(scripted: Mem0, server: ScriptedServer) -> None:
    given = {
        "agent_id": "planner",
        "app_id": "chef",
        "run_id": "trip-1",
        "metadata": {"source": "chat", "n": [1, None]},
        "expiration_date": "2030-12-31",
        "timestamp": 1735689600,
        "custom_instructions": "Only food.",
        "custom_categories": [{"travel": "Trips and places"}],
        "includes": "food",
        "excludes": "health",
        "infer": False,
    }
    server.script(json_reply({"status": "SUCCEEDED", "results": []}))
    await scripted.ok("add_memories", user_id="alice", messages=TEA, **given)
    given["metadata"] = {"source": "chat", "n": [1, None], "for_user_id": "alice"}
    assert server.requests[0].json() == {"messages": TEA, "user_id": "alice", **given}


@pytest.mark.parametrize(
    "changes",
    [
        {"custom_categories": [{"a": "b", "c": "d"}]},
        {"custom_categories": [{}]},
        {"custom_categories": [{"a": 1}]},
        {"custom_categories": ["food"]},
        {"custom_categories": "food"},
        {"metadata": "[1]"},
        {"metadata": '{"a": '},
        {"metadata": 5},
        {"includes": 5},
        {"metadata": {"for_user_id": "bob"}},
        {"infer": "perhaps"},
        {"wait_for_completion": 7},
    ],
    ids=str,
)
async def test_unusable_options_are_refused_before_a_request(
    scripted: Mem0, server: ScriptedServer, changes: dict[str, Any]
) -> None:
    server.script(PENDING)
    message = await scripted.refuses("add_memories", user_id="alice", messages=TEA, **changes)
    assert message.startswith(f"{next(iter(changes))}")
    assert server.requests == []


TRUNCATED = raw(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"status":')


@pytest.mark.parametrize("ending", [reset, raw(b""), TRUNCATED, hang, drip])
async def test_an_add_without_an_answer_is_not_sent_again(scripted: Mem0, server: ScriptedServer, ending: Step) -> None:
    server.script(ending, PENDING)
    result = await scripted.call("add_memories", {"user_id": "alice", "messages": TEA}, timeout=0.5)
    assert result.error is not None
    assert (result.error.code, result.error.retryable) == ("outcome_unknown", False)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_an_add_is_not_sent_again_after_an_error(scripted: Mem0, server: ScriptedServer, status: int) -> None:
    server.script(reply(status, headers={"retry-after": "0"}), PENDING)
    await scripted.fails("add_memories", user_id="alice", messages=TEA, wait_for_completion=True)
    assert len(server.requests) == 1


async def test_an_add_whose_answer_is_lost_is_stored_once(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": "/v3/memories/add/", "reset": "after"})
    error = await mem0.fails("add_memories", user_id="alice", messages=TEA, infer=False)
    assert error.code == "outcome_unknown"
    assert len(await mem0.memories("alice")) == 1


async def sent(mem0: Mem0, server: ScriptedServer, messages: Any) -> Any:
    server.script(PENDING)
    await mem0.ok("add_memories", user_id="alice", messages=messages)
    return server.requests[0].json()["messages"]


@pytest.mark.parametrize("role", ["user", "assistant", "system"])
async def test_every_role_is_sent_as_it_is(scripted: Mem0, server: ScriptedServer, role: str) -> None:
    assert await sent(scripted, server, [{"role": role, "content": "Hello"}]) == [{"role": role, "content": "Hello"}]


async def test_the_order_of_a_conversation_is_kept(scripted: Mem0, server: ScriptedServer) -> None:
    assert await sent(scripted, server, [HELLO, REPLY, HELLO]) == [HELLO, REPLY, HELLO]


@pytest.mark.parametrize("before", ["", " \n", "\N{BYTE ORDER MARK}"])
async def test_a_json_text_of_a_list_is_that_list(scripted: Mem0, server: ScriptedServer, before: str) -> None:
    assert await sent(scripted, server, before + json.dumps([HELLO, REPLY])) == [HELLO, REPLY]


@pytest.mark.parametrize(
    "text", ["I am a vegetarian.", "  indented\n", '"quoted"', "5", "null", "true", "Käse 🧀", "a [b] {c}"]
)
async def test_plain_text_is_one_message_of_the_user(scripted: Mem0, server: ScriptedServer, text: str) -> None:
    assert await sent(scripted, server, text) == [{"role": "user", "content": text}]


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ('[{"role": "user", "content": "Hello"}', "not valid JSON"),
        ("{'role': 'user'}", "not valid JSON"),
        ("[laughs] I like tea", "not valid JSON"),
        (" \n[", "not valid JSON"),
        ("\N{BYTE ORDER MARK}[oops", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("", "must be non-empty"),
        (" \n ", "must be non-empty"),
        ([], "must be a non-empty list"),
        ("[]", "must be a non-empty list"),
        (5, "must be a list"),
        (None, "must be a list"),
        (True, "must be a list"),
        ([HELLO, {"role": "user", "content": 5}], "messages[1].content: must be text"),
        ([HELLO, {"role": "user", "content": True}], "messages[1].content: must be text"),
        ([HELLO, {"role": "user", "content": ["a", 5]}], "messages[1].content[1]: must be text"),
        (
            [HELLO, {"role": "user", "content": [{"type": "image_url"}]}],
            "messages[1].content[0]: image_url needs a url",
        ),
        ([{"content": "Hello"}], "messages[0].role: is required"),
        ([{"role": None, "content": "Hello"}], "messages[0].role: is required"),
        ([{"role": 5, "content": "Hello"}], "messages[0].role: must be text"),
        ([HELLO, REPLY, {"role": "narrator", "content": "x"}], "messages[2].role: must be user, assistant or system"),
        ([{"type": "TextMessage", "content": "x"}], "messages[0].type: must be user, assistant or system"),
        ([HELLO, "Hello"], "messages[1]: must be an object"),
        ("[1]", "messages[0]: must be an object"),
        ({"unexpected": [1]}, "messages[0].role: is required"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_anything_else_is_refused_with_its_place_before_a_request(
    scripted: Mem0, server: ScriptedServer, messages: Any, message: str
) -> None:
    server.script(PENDING)
    assert message in await scripted.refuses("add_memories", user_id="alice", messages=messages)
    assert server.requests == []
