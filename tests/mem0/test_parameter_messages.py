"""The messages of an add: a list, a JSON text of one, or plain text; nothing else is ever stored."""

import json
from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.helpers.kit import Mem0

PENDING = json_reply({"status": "PENDING", "event_id": "e-1"})
HELLO = {"role": "user", "content": "Hello"}
REPLY = {"role": "assistant", "content": "Hi, Alice"}


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
    ("messages", "told"),
    [
        ('[{"role": "user", "content": "Hello"}', "not valid JSON"),
        ("{'role': 'user'}", "not valid JSON"),
        ("[laughs] I like tea", "not valid JSON"),
        (" \n[", "not valid JSON"),
        ("\N{BYTE ORDER MARK}[oops", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        (json.dumps(HELLO), "must be a list of messages"),
        (HELLO, "must be a list of messages"),
        ("", "must be non-empty"),
        (" \n ", "must be non-empty"),
        ([], "must be a non-empty list"),
        ("[]", "must be a non-empty list"),
        (5, "must be a list"),
        (None, "must be a list"),
        (True, "must be a list"),
        ([HELLO, {"role": "user", "content": ""}], "messages[1].content: must be non-empty"),
        ([HELLO, {"role": "user", "content": " \n"}], "messages[1].content: must be non-empty"),
        ([HELLO, {"role": "user", "content": None}], "messages[1].content: must be text"),
        ([HELLO, {"role": "user", "content": ["a"]}], "messages[1].content: must be text"),
        ([{"role": "user"}], "messages[0].content: is required"),
        ([{"content": "Hello"}], "messages[0].role: is required"),
        ([HELLO, REPLY, {"role": "bot", "content": "x"}], "messages[2].role: "),
        ([{"role": "User", "content": "x"}], "messages[0].role: "),
        ([HELLO, "Hello"], "messages[1]: must be an object"),
        ("[1]", "messages[0]: must be an object"),
        ([{**HELLO, "metadata": {}}], "messages[0].metadata: is not a field"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_anything_else_is_refused_with_its_place_before_a_request(
    scripted: Mem0, server: ScriptedServer, messages: Any, told: str
) -> None:
    server.script(PENDING)
    assert told in await scripted.refuses("add_memories", user_id="alice", messages=messages)
    assert server.requests == []
