"""Conversations as other programs keep them become the messages that Mem0 documents."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    message_to_dict,
)
from pydantic import BaseModel

from modulex_mem0.mem0.messages import ROLES, SKIPPED_ROLES, parse_messages
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0

PENDING = json_reply({"status": "PENDING", "event_id": "e-1"})
PAGE = Path(__file__).parents[2] / "docs" / "integrations" / "messages.md"
TEA = {"role": "user", "content": "I like tea."}
NOTED = {"role": "assistant", "content": "Noted."}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page."""
    section = PAGE.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


EXAMPLES = [
    (json.loads(before.strip("`")), json.loads(after.strip("`")))
    for heading in ("The message", "Images and documents")
    for before, after in rows(heading)
]


@pytest.mark.parametrize(("message", "sent"), EXAMPLES, ids=lambda value: json.dumps(value)[:60])
async def test_a_message_is_converted_as_the_page_shows(
    scripted: Mem0, server: ScriptedServer, message: Any, sent: list[Any]
) -> None:
    server.script(PENDING)
    await scripted.ok("add_memories", user_id="alice", messages=[TEA, message, NOTED])
    assert server.requests[0].json()["messages"] == [TEA, *sent, NOTED]


def test_the_page_names_every_role() -> None:
    table = {role: target for names, target in rows("The speaker") for role in re.findall("`(.+?)`", names)}
    assert {role: target.strip("`") for role, target in table.items() if target.startswith("`")} == ROLES
    assert {role for role, target in table.items() if not target.startswith("`")} == SKIPPED_ROLES


@pytest.mark.parametrize(
    "empty",
    [
        [],
        [{"role": "user", "content": ""}],
        [{"role": "user"}],
        [{"role": "tool", "content": "x"}],
        [{"role": "assistant", "content": None, "tool_calls": [{}]}],
    ],
    ids=str,
)
async def test_only_a_conversation_of_which_nothing_is_left_is_refused(
    scripted: Mem0, server: ScriptedServer, empty: list[Any]
) -> None:
    server.script(PENDING)
    message = await scripted.refuses("add_memories", user_id="alice", messages=empty)
    assert message.startswith("messages: must be a non-empty list of messages")
    assert server.requests == []


class Dumped(BaseModel):
    """As the OpenAI client's messages are."""

    role: str
    content: str | None
    refusal: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


@dataclass
class Plain:
    """A message of a framework without pydantic."""

    role: str
    content: str


LANGCHAIN: list[tuple[BaseMessage, list[Any]]] = [
    (HumanMessage("I like tea."), [TEA]),
    (HumanMessage([{"type": "text", "text": "I like tea."}], name="Alice", id="1"), [TEA]),
    (AIMessage("Noted."), [NOTED]),
    (AIMessageChunk(content="Noted."), [NOTED]),
    (AIMessage("", tool_calls=[{"name": "weather", "args": {}, "id": "1"}]), []),
    (SystemMessage("Be brief."), [{"role": "system", "content": "Be brief."}]),
    (ToolMessage("20 °C", tool_call_id="1"), []),
    (FunctionMessage(content="20 °C", name="weather"), []),
]  # fmt: skip


@pytest.mark.parametrize(("message", "sent"), LANGCHAIN, ids=lambda value: str(value)[:40])
def test_langchains_messages_are_read_as_objects_and_as_dumps(message: BaseMessage, sent: list[Any]) -> None:
    for form in (message, message.model_dump(), message_to_dict(message), message.to_json()):
        assert parse_messages([TEA, form]) == [TEA, *sent]


@pytest.mark.parametrize(
    "conversation",
    [
        [Dumped(role="user", content="I like tea."), Dumped(role="assistant", content=None, tool_calls=[{}])],
        [Plain("user", "I like tea.")],
        [("human", "I like tea.")],
        ("human", "I like tea."),
        {"messages": [TEA]},
        {"messages": [HumanMessage("I like tea.")], "remaining_steps": 5},
        {"role": "USER", "message": "I like tea."},
        TEA,
        Plain("user", "I like tea."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_objects_pairs_and_states_are_read(conversation: Any) -> None:
    assert parse_messages(conversation) == [TEA]


async def test_objects_reach_the_service_through_a_call(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(PENDING)
    said = [HumanMessage("I like tea."), Dumped(role="assistant", content="Noted.")]
    await scripted.ok("add_memories", user_id="alice", messages=said)
    assert server.requests[0].json()["messages"] == [TEA, NOTED]


@pytest.mark.parametrize("times", [1, 2, 3, 4])
async def test_messages_that_were_encoded_more_than_once_are_decoded(
    scripted: Mem0, server: ScriptedServer, times: int
) -> None:
    text: Any = [TEA, NOTED]
    items: Any = [json.dumps(TEA), json.dumps(json.dumps(NOTED))]
    for _ in range(times):
        text, items = json.dumps(text), json.dumps(items)
    server.script(PENDING)
    await scripted.ok("add_memories", user_id="alice", messages=text)
    await scripted.ok("add_memories", user_id="alice", messages=items)
    assert [request.json()["messages"] for request in server.requests] == [[TEA, NOTED]] * 2


@pytest.mark.parametrize("text", ['"[{\\"role\\": \\"user\\"', '"[{', '"{\\"role\\": 1}', '"\\"[{\\\\\\"a'], ids=repr)
async def test_encoded_messages_that_were_cut_off_are_refused(
    scripted: Mem0, server: ScriptedServer, text: str
) -> None:
    server.script(PENDING)
    assert "not valid JSON" in await scripted.refuses("add_memories", user_id="alice", messages=text)
    assert server.requests == []


async def test_text_that_is_encoded_without_end_is_refused(scripted: Mem0, server: ScriptedServer) -> None:
    text = json.dumps([TEA])
    for _ in range(8):
        text = json.dumps(text)
    server.script(PENDING)
    assert "encoded as JSON more than" in await scripted.refuses("add_memories", user_id="alice", messages=text)


@pytest.mark.parametrize("text", ['"quoted"', '"Well," she said.', '"[sic]" he wrote', "5"])
def test_quotation_marks_of_a_text_stay(text: str) -> None:
    assert parse_messages([{"role": "user", "content": text}]) == [{"role": "user", "content": text}]
    assert parse_messages(text) == [{"role": "user", "content": text}]


@pytest.mark.parametrize("text", ["[laughs] I like tea", "[1, 2]", '{"a": 1}', "[]", '[{"a": 1}]', '["x"]'])
def test_brackets_in_what_someone_said_stay(text: str) -> None:
    assert parse_messages([{"role": "user", "content": text}]) == [{"role": "user", "content": text}]


async def test_images_need_inference(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(PENDING)
    image = {"role": "user", "content": {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}}
    message = await scripted.refuses("add_memories", user_id="alice", messages=[image], infer=False)
    assert message == "messages: images and documents need infer=true; word for word Mem0 stores only text"


class Broken:
    """An object whose class is broken."""

    def model_dump(self) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "item", [object(), Broken(), SimpleNamespace(), lambda: 1, 5, None, True, b"x", {1: 2}, [], "x"]
)
async def test_what_is_no_message_is_refused_with_its_place(
    scripted: Mem0, server: ScriptedServer, item: object
) -> None:
    server.script(PENDING)
    assert "messages" in await scripted.refuses("add_memories", user_id="alice", messages=[TEA, item])
    assert server.requests == []


@pytest.mark.parametrize(
    ("item", "place", "reason"),
    [
        ('{"role": "user", ', "messages[1]", "begins with { like JSON but is not valid JSON; correct it"),
        ({"kind": "request", "parts": ["I like tea."]}, "messages[1].parts[0]", "must be an object"),
        ({"role": "user", "content": ["x", {"type": "image"}]}, "messages[1].content[1]", "image_url needs a url"),
        ({"role": "user", "content": ["x", 5]}, "messages[1].content[1]", "must be text or an object with a type"),
    ],
    ids=["cut off", "a part that is text", "an image of nothing", "a number"],
)
async def test_a_refusal_says_where_and_why(
    scripted: Mem0, server: ScriptedServer, *, item: object, place: str, reason: str
) -> None:
    server.script(PENDING)
    message = await scripted.refuses("add_memories", user_id="alice", messages=[TEA, item])
    assert message.startswith(f"{place}: {reason}")
    assert server.requests == []


async def test_a_part_whose_type_is_no_text_is_left_out(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(PENDING)
    parts = [{"type": {"a": 1}, "text": "x"}, {"type": ["text"], "text": "y"}, {"type": "text", "text": "I like tea."}]
    await scripted.ok("add_memories", user_id="alice", messages=[{"role": "user", "content": parts}])
    assert server.requests[0].json()["messages"] == [{"role": "user", "content": "I like tea."}]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["role", "type", "content", "parts", "text", "data", "kwargs", "lc", "id", "image_url", "url",
                         "messages", "kind", "part_kind", "source"]) | st.text(max_size=3), inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
role_words = st.sampled_from([*ROLES, *SKIPPED_ROLES, "HumanMessage", "image_url", "text", "file", "image", "request"])


@given(
    st.lists(st.dictionaries(st.sampled_from(["role", "type", "content", "parts"]), values | role_words), max_size=4)
)
def test_whatever_is_passed_becomes_mem0s_messages_or_is_refused(conversation: list[Any]) -> None:
    try:
        messages = parse_messages(conversation)
    except ValueError:
        return
    assert messages
    for message in messages:
        assert set(message) == {"role", "content"}
        assert message["role"] in ("user", "assistant", "system")
        content = message["content"]
        assert content.strip() if isinstance(content, str) else content[content["type"]]["url"].strip()
