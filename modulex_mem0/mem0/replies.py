"""Mem0's replies: the failures that a 200 reports, memories and lists of them, and single values.

A field may be absent, null or of another type, and reading it never raises. A reply that is no object, or a list that
is no list of objects, does: an empty answer must not stand for a broken one.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NotRequired, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from modulex_mem0.contract import ActionError, ErrorCode, Reply

__all__ = [
    "MemoryDetails",
    "MemoryRecord",
    "Page",
    "Record",
    "SearchResultRecord",
    "event_failed",
    "mapping",
    "memory_details",
    "memory_page",
    "memory_record",
    "number",
    "read_json",
    "read_object",
    "read_page",
    "search_result",
    "search_results",
    "text",
    "text_list",
    "whole_number",
]

RecordT = TypeVar("RecordT")


# Whole replies


def read_object(reply: Reply, *, known: tuple[str, ...] = ("event_id",)) -> dict[str, Any]:
    """The JSON object of a successful reply. Mem0 also reports a failure as `status: FAILED` under a 200.

    Args:
        reply: Of any status and content.
        known: The fields of the reply that the output of such a failure keeps.

    Raises:
        ActionError: `event_failed` for `status: FAILED`; as `Reply.object` for the rest.
    """
    body = reply.object(failure_key=None)
    if body.get("status") == "FAILED":
        kept = {name: value for name in known if (value := text(body.get(name)))}
        raise event_failed(body.get("error") or body.get("message"), kept)
    return reply.object() if body.get("error") else body


def read_json(reply: Reply) -> dict[str, Any] | list[Any]:
    """The JSON of a successful reply that is a list or an object.

    Raises:
        ActionError: As `read_object`.
    """
    reply.require_success()
    body = reply.json()
    return body if isinstance(body, list) else read_object(reply)


def event_failed(reason: object, known: Mapping[str, Any]) -> ActionError:
    """The error for accepted work that failed, with the fields of the output that are known all the same."""
    reason = reason or "Mem0 gives no reason"
    line = " ".join((reason if isinstance(reason, str) else json.dumps(reason, ensure_ascii=False)).split())
    # A reason may be as long as a page.
    line = line if len(line) <= 300 else f"{line[:299]}…"
    return ActionError(ErrorCode.EVENT_FAILED, line, partial_output=known)


@dataclass(frozen=True, slots=True)
class Page(Generic[RecordT]):
    """A page of a list: its records, how many the whole list has, and the addresses of its neighbours."""

    records: list[RecordT]
    count: int | None
    next: str | None
    previous: str | None


def read_page(body: Mapping[str, Any], read: Callable[[Mapping[str, Any]], RecordT]) -> Page[RecordT]:
    """A page whose records are read one by one.

    Raises:
        ActionError: `bad_response` when there is no list of objects under `results`.
    """
    # As `Reply.objects`, which would decode the body once more.
    items = body.get("results")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ActionError(ErrorCode.BAD_RESPONSE, "Mem0's reply holds no list of objects under 'results'")
    return Page(
        [read(item) for item in items],
        whole_number(body.get("count")),
        text(body.get("next")),
        text(body.get("previous")),
    )


# Memories


class Record(BaseModel):
    """Base of the closed models that outputs hold."""

    model_config = ConfigDict(extra="forbid")


_Text = Annotated[str | None, Field(default=None)]


# Memories come by the thousand: as plain dicts they are read in half the time of models, and leave as they are.
@with_config(extra="forbid")
class _Memory(TypedDict):
    id: _Text
    memory: _Text
    user_id: _Text
    agent_id: _Text
    app_id: _Text
    run_id: _Text
    hash: _Text
    metadata: Annotated[dict[str, Any] | None, Field(default=None)]
    categories: Annotated[list[str], Field(default_factory=list)]
    created_at: _Text
    updated_at: _Text


@with_config(extra="forbid")
class MemoryRecord(_Memory):
    """A single memory object returned by ``get_memories``."""


@with_config(extra="forbid")
class SearchResultRecord(_Memory):
    """A single ranked result returned by ``search_memories``."""

    score: Annotated[float | None, Field(default=None)]


@with_config(extra="forbid")
class MemoryDetails(_Memory):
    """A memory with all that its own page tells."""

    expiration_date: Annotated[_Text, Field(description="Day after which it is hidden, YYYY-MM-DD.")]


def memory_record(item: Mapping[str, Any]) -> MemoryRecord:
    """Read one memory."""
    return MemoryRecord(**_memory(item))


def memory_details(item: Mapping[str, Any]) -> MemoryDetails:
    """Read one memory with its expiration date."""
    return MemoryDetails(**_memory(item), expiration_date=text(item.get("expiration_date")))


def search_result(item: Mapping[str, Any]) -> SearchResultRecord:
    """Read one search result; `score` is Mem0's relevance from 0 to 1."""
    return SearchResultRecord(**_memory(item), score=number(item.get("score")))


def _memory(item: Mapping[str, Any]) -> _Memory:
    # A list, a single memory and a history call the run `session_id`; a search calls it `run_id`.
    run = item.get("run_id")
    return _Memory(
        id=text(item.get("id")),
        memory=text(item.get("memory")),
        user_id=text(item.get("user_id")),
        agent_id=text(item.get("agent_id")),
        app_id=text(item.get("app_id")),
        run_id=text(run if run is not None else item.get("session_id")),
        hash=text(item.get("hash")),
        metadata=mapping(item.get("metadata")),
        categories=text_list(item.get("categories")),
        created_at=text(item.get("created_at")),
        updated_at=text(item.get("updated_at")),
    )


# Lists of memories: read from their bytes in one pass where all is as documented, else record by record.


def search_results(reply: Reply) -> list[SearchResultRecord]:
    """The results of a search.

    Raises:
        ActionError: As `read_object` and `read_page`.
    """
    answer = _validate_documented(_SEARCH_REPLY, reply)
    if answer is None:
        return read_page(read_object(reply), search_result).records
    return _normalize(answer["results"])


def memory_page(reply: Reply) -> Page[MemoryRecord]:
    """A page of a list.

    Raises:
        ActionError: As `read_object` and `read_page`.
    """
    answer = _validate_documented(_LIST_REPLY, reply)
    if answer is None:
        return read_page(read_object(reply), memory_record)
    return Page(_normalize(answer["results"]), answer.get("count"), answer.get("next"), answer.get("previous"))


_DOCUMENTED = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)
# Null where there are none.
_Categories = Annotated[list[str] | None, Field(default=None)]


@with_config(_DOCUMENTED)
class _ListedMemory(MemoryRecord):
    categories: _Categories  # type: ignore[misc]
    session_id: NotRequired[str | None]


@with_config(_DOCUMENTED)
class _FoundMemory(SearchResultRecord):
    categories: _Categories  # type: ignore[misc]
    session_id: NotRequired[str | None]


@with_config(_DOCUMENTED)
class _DocumentedReply(TypedDict):
    # Where either says something, the reply may report a failure.
    error: NotRequired[None]
    status: NotRequired[None]


@with_config(_DOCUMENTED)
class _ListReply(_DocumentedReply):
    results: list[_ListedMemory]
    count: NotRequired[int | None]
    next: NotRequired[str | None]
    previous: NotRequired[str | None]


@with_config(_DOCUMENTED)
class _SearchReply(_DocumentedReply):
    results: list[_FoundMemory]


_LIST_REPLY = TypeAdapter(_ListReply)
_SEARCH_REPLY = TypeAdapter(_SearchReply)
_ReplyT = TypeVar("_ReplyT")


def _validate_documented(documented: TypeAdapter[_ReplyT], reply: Reply) -> _ReplyT | None:
    """The whole of a successful reply, or None when any part of it is not as documented."""
    reply.require_success()
    body = reply.body
    # Python's decoders take these for numbers, which JSON does not have. One letter is found many times faster.
    if (b"N" in body and b"NaN" in body) or (b"I" in body and b"Infinity" in body):
        return None
    try:
        answer: _ReplyT = documented.validator.validate_json(body)
    except ValidationError:
        return None
    return answer


def _normalize(memories: list[Any]) -> list[Any]:
    """Memories with their run under one name, which a list calls `session_id`, and with categories that are a list."""
    for memory in memories:
        session = memory.pop("session_id", None)
        if memory["run_id"] is None:
            memory["run_id"] = session
        if memory["categories"] is None:
            memory["categories"] = []
    return memories


# Single values


def text(value: object) -> str | None:
    """Text as it is, a number as text, anything else as None."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def text_list(value: object) -> list[str]:
    """The texts of a list; null and anything that is no list count as empty."""
    if not isinstance(value, list):
        return []
    return [item for item in map(text, value) if item is not None]


def number(value: object) -> float | None:
    """A finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole_number(value: object) -> int | None:
    """An integer, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def mapping(value: object) -> dict[str, Any] | None:
    """An object, else None."""
    return value if isinstance(value, dict) else None
