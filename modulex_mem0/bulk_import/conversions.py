"""What an item of each kind says, as inputs of `add_memories`. Long conversations are cut into parts later."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from modulex_mem0.bulk_import.layout import INPUT_FIELDS, NOTES, Kind
from modulex_mem0.bulk_import.options import ImportOptions

__all__ = ["CONVERSIONS", "Input", "from_record"]

Input = dict[str, Any]
_SPEAKERS = frozenset({"user", "assistant"})
_ENTITIES = ("user_id", "agent_id", "app_id", "run_id")
_LONGEST_TITLE = 200


def _inputs(item: object, _turns: int) -> Iterator[Input]:
    if not isinstance(item, dict):
        raise ValueError("must be an object, an input of add_memories")  # noqa: TRY004 - a problem of the data
    if "import_text" in item:
        raise ValueError("import_text: holds what could not be read; write the fields of the row in its place")
    yield {name: value for name, value in item.items() if name not in NOTES}


def _chatgpt(item: object, turns: int) -> Iterator[Input]:
    """The branch of the conversation that ChatGPT shows; other branches are answers that were asked for again."""
    fields = _object(item, "a conversation of ChatGPT's export")
    mapping = fields.get("mapping")
    if not isinstance(mapping, dict):
        raise ValueError("mapping: must be an object")  # noqa: TRY004 - a problem of the data
    messages = []
    for node in _branch(mapping, fields.get("current_node")):
        message = node.get("message")
        if isinstance(message, dict) and (said := _chatgpt_message(message)) is not None:
            messages.append(said)
    yield from _conversation(messages, "chatgpt", fields.get("conversation_id") or fields.get("id"), fields, turns)


def _branch(mapping: Mapping[str, Any], last: object) -> list[Mapping[str, Any]]:
    if last not in mapping:
        leaves = [key for key, node in mapping.items() if isinstance(node, dict) and not node.get("children")]
        last = leaves[-1] if leaves else None
    branch: list[Mapping[str, Any]] = []
    seen: set[object] = set()
    while isinstance(last, str) and last not in seen and isinstance(node := mapping.get(last), dict):
        seen.add(last)
        branch.append(node)
        last = node.get("parent")
    return branch[::-1]


def _chatgpt_message(message: Mapping[str, Any]) -> tuple[str, str, object] | None:
    role = (message.get("author") or {}).get("role")
    content, notes = message.get("content"), message.get("metadata")
    if role not in _SPEAKERS or not isinstance(content, dict):
        return None
    if isinstance(notes, dict) and notes.get("is_visually_hidden_from_conversation"):
        return None
    if content.get("content_type") not in ("text", "multimodal_text"):
        # Code that ran, pages that were browsed, thoughts.
        return None
    parts = content.get("parts")
    text = _joined(parts if isinstance(parts, list) else [])
    return (role, text, message.get("create_time")) if text else None


def _claude(item: object, turns: int) -> Iterator[Input]:
    fields = _object(item, "a conversation of Claude's export")
    chat = fields.get("chat_messages")
    if not isinstance(chat, list):
        raise ValueError("chat_messages: must be a list")  # noqa: TRY004 - a problem of the data
    messages = []
    for turn in chat:
        if not isinstance(turn, dict):
            continue
        role = {"human": "user", "assistant": "assistant"}.get(str(turn.get("sender")))
        content = turn.get("content")
        text = _joined(content) if isinstance(content, list) else ""
        text = text or str(turn.get("text") or "").strip()
        if role and text:
            messages.append((role, text, turn.get("created_at")))
    yield from _conversation(messages, "claude", fields.get("uuid"), fields, turns)


def _joined(parts: list[Any]) -> str:
    texts = []
    for part in parts:
        if isinstance(part, dict) and part.get("type") in (None, "text"):
            part = part.get("text")  # noqa: PLW2901 - the text of a part
        if isinstance(part, str) and part.strip():
            texts.append(part.strip())
    return "\n".join(texts)


def _conversation(
    messages: list[tuple[str, str, object]], source: str, identifier: object, fields: Mapping[str, Any], turns: int
) -> Iterator[Input]:
    """The parts of a conversation, each dated by its first message. One in which nothing was said has none."""
    metadata: dict[str, Any] = {"source": source}
    if isinstance(identifier, str) and identifier:
        metadata["conversation_id"] = identifier
    for key in ("title", "name"):
        if isinstance(title := fields.get(key), str) and title.strip():
            metadata["title"] = title.strip()[:_LONGEST_TITLE]
    begun = fields.get("create_time") if "create_time" in fields else fields.get("created_at")
    for start in range(0, len(messages), turns):
        part = messages[start : start + turns]
        moment = next((known for _, _, time in part if (known := epoch(time)) is not None), epoch(begun))
        yield {
            "messages": [{"role": role, "content": text} for role, text, _ in part],
            "metadata": metadata,
            **({} if moment is None else {"timestamp": moment}),
        }


def _conversations(item: object, _turns: int) -> Iterator[Input]:
    """A conversation as LangChain, OpenAI and others keep it; fields that are not Mem0's are left out."""
    if isinstance(item, list):
        yield {"messages": item}
        return
    fields = _object(item, "a conversation: a list of messages, or an object that has one")
    if not isinstance(fields.get("messages"), list | str):
        raise ValueError("messages: is required, as a list of messages")  # noqa: TRY004 - a problem of the data
    given = {name: value for name, value in fields.items() if name in INPUT_FIELDS and value is not None}
    identifier = fields.get("id") or fields.get("conversation_id") or fields.get("thread_id")
    if isinstance(identifier, str) and identifier and "metadata" not in given:
        given["metadata"] = {"conversation_id": identifier}
    yield given


def _memories(item: object, _turns: int) -> Iterator[Input]:
    """A memory as Mem0 returns it. It is stored word for word: extracting from what was extracted would change it."""
    fields = _object(item, "a memory of Mem0's export")
    text = fields.get("memory")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("memory: is required, as text")
    metadata = fields.get("metadata")
    given: Input = {name: fields[name] for name in _ENTITIES if fields.get(name) is not None}
    if "run_id" not in given and fields.get("session_id") is not None:
        given["run_id"] = fields["session_id"]
    if isinstance(metadata, dict) and metadata:
        given["metadata"] = metadata
        if "user_id" not in given and isinstance(metadata.get("for_user_id"), str):
            given["user_id"] = metadata["for_user_id"]
    if isinstance(day := fields.get("expiration_date"), str):
        given["expiration_date"] = day[:10]
    if (moment := epoch(fields.get("created_at"))) is not None:
        given["timestamp"] = moment
    yield {"infer": False, **given, "messages": [{"role": "user", "content": text}]}


def from_record(record: Mapping[str, str], options: ImportOptions) -> Input:
    """The input in a record of a table: a column for each field, `content` and `role` for a single message.

    An empty cell is a field that is left out, except for the user's: a user that got lost must not become another.

    Raises:
        ValueError: A cell does not hold what its field takes.
    """
    given: Input = {}
    metadata: dict[str, Any] = {}
    named = {**{name: name for name in (*INPUT_FIELDS, "content", "role")}, **options.columns}
    for field, column in named.items():
        cell = record.get(column)
        if cell is None or (not cell.strip() and field != "user_id"):
            continue
        if field.startswith("metadata."):
            metadata[field.removeprefix("metadata.")] = cell
        else:
            given[field] = cell
    content, role = given.pop("content", None), given.pop("role", "user")
    if "messages" not in given and content is not None:
        given["messages"] = [{"role": role, "content": content}]
    if "timestamp" in given:
        if (moment := epoch(given["timestamp"])) is None:
            raise ValueError("timestamp: must be seconds since 1970 or a date such as 2026-01-31T12:00:00Z")
        given["timestamp"] = moment
    if metadata:
        given["metadata"] = {**_decoded(given.get("metadata")), **metadata}
    return given


def _decoded(metadata: object) -> Mapping[str, Any]:
    if metadata is None:
        return {}
    try:
        value = json.loads(metadata) if isinstance(metadata, str) else metadata
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError("metadata: must be a JSON object")  # noqa: TRY004 - a problem of the data
    return value


def epoch(value: object) -> int | None:
    """A moment as whole seconds since 1970: a number, the same as text, or an ISO 8601 date; None for all else."""
    if isinstance(value, str):
        value = _seconds(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    # Clocks in JavaScript count milliseconds.
    return int(value / 1000) if value > 99_999_999_999 else int(value)


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _object(item: object, what: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise ValueError(f"must be {what}")  # noqa: TRY004 - a problem of the data
    return item


#: Each yields the inputs in one item, without a user if the item names none. The number is of the messages in a part of
#: a conversation. Raises `ValueError` for an item of another shape.
CONVERSIONS: dict[Kind, Callable[[object, int], Iterator[Input]]] = {
    "inputs": _inputs,
    "chatgpt": _chatgpt,
    "claude": _claude,
    "conversations": _conversations,
    "turns": _conversations,
    "memories": _memories,
}
