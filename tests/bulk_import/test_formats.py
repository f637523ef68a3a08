"""The formats: each is recognised from its beginning, and becomes the adds that its users would expect."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.bulk_import import Destination, ImportOptions, SourceError, open_source
from tests.bulk_import.conftest import WriteRows, add, all_rows, inputs, opened, reasons


def _node(key: str, parent: str | None, role: str, text: str, **more: Any) -> dict[str, Any]:
    message = {
        "author": {"role": role},
        "create_time": 1_700_000_000.5 + len(key),
        "content": {"content_type": "text", "parts": [text]},
        **more,
    }
    return {"id": key, "parent": parent, "children": [], "message": message}


def _chatgpt(**more: Any) -> dict[str, Any]:
    nodes = [
        {"id": "root", "parent": None, "children": ["a"], "message": None},
        _node("a", "root", "system", "You are ChatGPT"),
        _node("aa", "a", "user", "I moved to Bern"),
        _node("old", "aa", "assistant", "An answer that was replaced"),
        _node("aaa", "aa", "assistant", "Nice"),
        _node("tool", "aaa", "tool", "42"),
        _node("aaaa", "tool", "user", "I like cheese"),
    ]
    mapping = {node["id"]: node for node in nodes}
    return {
        "title": "Bern", "create_time": 1.5, "conversation_id": "c-1", "mapping": mapping, "current_node": "aaaa",
    } | more  # fmt: skip


def _save(tmp_path: Path, value: Any, name: str = "conversations.json", **style: Any) -> Path:
    path = tmp_path / name
    path.write_text(json.dumps(value, **style))
    return path


@pytest.mark.parametrize("style", [{}, {"indent": 2}, {"separators": (",", ":")}])
def test_chatgpt(tmp_path: Path, destination: Destination, style: dict[str, Any]) -> None:
    path = _save(tmp_path, [_chatgpt(), _chatgpt(mapping={}, current_node=None)], **style)
    source = opened(path, destination.add_action, user_id="alice", turns=2)
    assert source.layout.title == "ChatGPT's conversations, in a JSON list"
    first, second = inputs(source)
    assert first == {
        "user_id": "alice",
        "messages": [{"role": "user", "content": "I moved to Bern"}, {"role": "assistant", "content": "Nice"}],
        "metadata": {"source": "chatgpt", "conversation_id": "c-1", "title": "Bern"},
        "timestamp": 1_700_000_002,
    }
    assert second["messages"] == [{"role": "user", "content": "I like cheese"}]
    assert [row.place for row in all_rows(source)] == ["item 1, part 1", "item 1, part 2"]


def test_claude(tmp_path: Path, destination: Destination) -> None:
    chat = [
        {"sender": "human", "text": "I moved to Bern", "created_at": "2024-01-02T03:04:05.123456Z"},
        {"sender": "assistant", "text": "", "content": [{"type": "thinking"}, {"type": "text", "text": "Nice"}]},
    ]
    conversation = {"uuid": "u-1", "name": "Moving", "chat_messages": chat, "created_at": "2024-01-01T00:00:00Z"}
    source = opened(_save(tmp_path, [conversation]), destination.add_action, user_id="alice")
    assert inputs(source) == [
        {
            "user_id": "alice",
            "messages": [{"role": "user", "content": "I moved to Bern"}, {"role": "assistant", "content": "Nice"}],
            "metadata": {"source": "claude", "conversation_id": "u-1", "title": "Moving"},
            "timestamp": 1_704_164_645,
        }
    ]


OPENAI = [
    {"role": "system", "content": "Be kind"},
    {"role": "user", "content": [{"type": "text", "text": "I cook"}]},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
    {"role": "tool", "content": "42", "tool_call_id": "1"},
    {"role": "assistant", "content": "Good"},
]
LANGCHAIN = [
    {"type": "system", "data": {"content": "Be kind"}},
    {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "HumanMessage"], "kwargs": {"content": "I cook"}},
    {"type": "ai", "data": {"content": "Good"}},
]
SAID = [
    {"role": "system", "content": "Be kind"},
    {"role": "user", "content": "I cook"},
    {"role": "assistant", "content": "Good"},
]


@pytest.mark.parametrize("messages", [OPENAI, LANGCHAIN])
@pytest.mark.parametrize("wrap", ["list", "lists", "object", "objects", "lines"])
def test_messages_of_other_programs(tmp_path: Path, destination: Destination, messages: Any, wrap: str) -> None:
    conversation = {"id": "c-1", "model": "gpt", "messages": messages}
    value = {"list": messages, "lists": [messages], "object": {"messages": messages}, "objects": [conversation]}
    path = _save(tmp_path, value.get(wrap, conversation))
    given = {"format": "messages"} if wrap == "lines" else {}
    rows = inputs(opened(path, destination.add_action, user_id="alice", **given))
    assert [row["messages"] for row in rows] == [SAID]
    assert rows[0].get("metadata") == ({"conversation_id": "c-1"} if wrap in ("objects", "lines") else None)


def test_a_long_conversation_is_sent_in_parts(tmp_path: Path, destination: Destination) -> None:
    messages = [{"role": "user", "content": f"Thing {number}"} for number in range(45)]
    alone = opened(_save(tmp_path, messages), destination.add_action, user_id="alice")
    assert [len(row["messages"]) for row in inputs(alone)] == [20, 20, 5]
    beside = opened(_save(tmp_path, [messages, messages[:3]], "two.json"), destination.add_action, user_id="alice")
    assert [len(row["messages"]) for row in inputs(beside)] == [20, 20, 5, 3]


@pytest.mark.parametrize("key", [None, "memories", "results"])
def test_memories_that_mem0_returned(tmp_path: Path, destination: Destination, key: str | None) -> None:
    memory = {
        "id": "m-1", "memory": "Likes tea", "user_id": "bob", "agent_id": None, "app_id": None, "session_id": "r-1",
        "metadata": {"import_key": "old", "city": "Bern"}, "categories": ["food"], "hash": "x",
        "created_at": "2024-01-02T00:00:00+00:00", "updated_at": None, "expiration_date": "2030-01-01T00:00:00",
    }  # fmt: skip
    value: Any = [memory] if key is None else {"count": 1, "next": None, key: [memory]}
    assert inputs(opened(_save(tmp_path, value), destination.add_action)) == [
        {
            "user_id": "bob",
            "messages": [{"role": "user", "content": "Likes tea"}],
            "infer": False,
            "metadata": {"import_key": "old", "city": "Bern"},
            "run_id": "r-1",
            "timestamp": 1_704_153_600,
            "expiration_date": "2030-01-01",
        }
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_a_mapping(tmp_path: Path, destination: Destination, delimiter: str) -> None:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([
            ["customer", "Text", "when", "Town", "unused"],
            ["anna", 'Two\nlines, and "quotes"', "2024-01-02", "Bern", "x"],
            ["", "lost", "", "", ""],
            ["bob", "late", "yesterday", "", ""],
            ["carl", "plain", "", "", "x"],
        ])  # fmt: skip
    columns = {"user_id": "customer", "content": "Text", "timestamp": "when", "metadata.town": "Town"}
    source = opened(path, destination.add_action, columns=columns, user_id="must not become the lost user's")
    anna, lost, bob, carl = all_rows(source)
    assert getattr(anna, "input", None) == {
        "user_id": "anna",
        "messages": [{"role": "user", "content": 'Two\nlines, and "quotes"'}],
        "timestamp": 1_704_153_600,
        "metadata": {"town": "Bern"},
    }
    assert [row.place for row in (anna, lost, bob, carl)] == ["line 2", "line 4", "line 5", "line 6"]
    assert reasons(source) == [
        "user_id: is blank, so the row's user got lost; fill it in",
        "timestamp: must be seconds since 1970 or a date such as 2026-01-31T12:00:00Z",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_may_have_all_its_cells_in_quotes(tmp_path: Path, destination: Destination, end: str) -> None:
    path = tmp_path / "rows"
    path.write_text(f'"user_id","content"{end}"anna","I cook."{end}', newline="")
    (row,) = inputs(opened(path, destination.add_action))
    assert (row["user_id"], row["messages"]) == ("anna", [{"role": "user", "content": "I cook."}])


def test_rows_without_a_user(write_rows: WriteRows, destination: Destination) -> None:
    path = write_rows(rows=[add("Mine", None), add("Hers", "anna"), add("Lost", "  ")])
    assert reasons(opened(path, destination.add_action)) == [
        "user_id: is missing; name it in the row, or give --user-id for all rows without one",
        "user_id: is blank, so the row's user got lost; fill it in",
    ]
    named = all_rows(opened(path, destination.add_action, user_id="alice"))
    assert [row.input and row.input.get("user_id") for row in named] == ["alice", "anna", "  "]


def test_what_is_invalid_is_reported_with_its_place(write_rows: WriteRows, destination: Destination) -> None:
    path = write_rows(rows=[add("Fine"), add("Odd", usr="x"), {"user_id": "alice", "messages": []}, 7])
    with path.open("ab") as file:
        file.write(b'\n{"user_id": "alice", "messages": "half\n\xff\xfe\n')
    rows = all_rows(opened(path, destination.add_action))
    assert [row.place for row in rows] == ["line 1", "line 2", "line 3", "line 4", "line 6", "line 7"]
    found = reasons(opened(path, destination.add_action))
    assert found[0] == "usr: is not a parameter of add_memories; for the dump of another program give --format messages"
    assert found[1].startswith("messages: must be a non-empty list")
    assert found[2] == "must be an object, an input of add_memories"
    assert all(reason.startswith("is not JSON: ") for reason in found[3:])


def test_infer(write_rows: WriteRows, destination: Destination) -> None:
    path = write_rows(rows=[add("One"), add("Two", infer=True), add("Three", infer=False)])
    for infer, expected in ((None, [True, True, False]), (False, [False, True, False]), (True, [True, True, False])):
        rows = inputs(opened(path, destination.add_action, infer=infer))
        assert [row.get("infer", True) for row in rows] == expected


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"PK\x03\x04rest", "unpack it"),
        (b"\x1f\x8brest", "compressed with gzip"),
        ("[]".encode("utf-16"), "save it as UTF-8"),
        (b"[]", "holds an empty list"),
        (b'[{"a": 1}]', "its format is not recognised"),
        (b'[{"a": 1', "the first item the list does not end"),
        (b"name,city\nanna,Bern\n", "no column holds what was said; its columns are name, city. Name one, as in"),
        (b"content,content\na,b\n", "need names, each its own"),
        (b'user_id,"a"b,content\na,b,c\n', "its first line is not CSV"),
        ("user_id,Äußerung\na,b\n".encode("latin-1"), "is not UTF-8 text; save it as UTF-8"),
        (b"Dear diary", "name its format with --format"),
    ],
)
def test_a_source_that_cannot_be_imported_says_why(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "source"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=problem.replace("(", r"\(")) as caught:
        open_source(str(path), ImportOptions(), None)
    assert "\n" not in str(caught.value)


def test_a_list_that_is_cut_off_keeps_what_is_before(tmp_path: Path, destination: Destination) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([add("One"), add("Two")])[:-10])
    one, two = all_rows(opened(path, destination.add_action))
    assert getattr(one, "input", {})["messages"][0]["content"] == "One"
    assert getattr(two, "reason", "").startswith("the list does not end")
