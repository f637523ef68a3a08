"""A stored memory: the record that actions return, read from whatever Mem0 sends."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.mem0.replies.values import number, text, text_list

__all__ = [
    "MemoryDetails",
    "MemoryRecord",
    "Record",
    "SearchResultRecord",
    "memory_details",
    "memory_record",
    "memory_records",
    "objects",
    "record_fields",
    "search_result",
    "search_results",
]


class Record(BaseModel):
    """Base of the closed models that outputs hold."""

    model_config = ConfigDict(extra="forbid")


class _Memory(Record):
    id: str | None = None
    memory: str | None = None
    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    run_id: str | None = None
    hash: str | None = None
    metadata: dict[str, Any] | None = None
    categories: list[str] = Field(default_factory=list)
    created_at: str | None = None
    updated_at: str | None = None


class MemoryRecord(_Memory):
    """A single memory object returned by ``get_memories``."""


class SearchResultRecord(_Memory):
    """A single ranked result returned by ``search_memories``."""

    score: float | None = None


class MemoryDetails(_Memory):
    """A memory with all that its own page tells."""

    expiration_date: str | None = Field(default=None, description="Day after which it is hidden, YYYY-MM-DD.")


class _ReadMemory(MemoryRecord):
    model_config = ConfigDict(extra="ignore", strict=True)

    session_id: str | None = Field(default=None, exclude=True)


class _ReadResult(SearchResultRecord):
    model_config = ConfigDict(extra="ignore", strict=True)

    session_id: str | None = Field(default=None, exclude=True)


_R = TypeVar("_R", _ReadMemory, _ReadResult)
_MEMORIES = TypeAdapter(list[_ReadMemory])
_RESULTS = TypeAdapter(list[_ReadResult])


def memory_records(items: list[dict[str, Any]]) -> list[MemoryRecord]:
    """Read a list of memories: in one pass where all is as documented, else one by one, leniently."""
    try:
        return [_with_run(record) for record in _MEMORIES.validate_python(items)]
    except ValidationError:
        return [memory_record(item) for item in items]


def search_results(items: list[dict[str, Any]]) -> list[SearchResultRecord]:
    """Read a list of search results: in one pass where all is as documented, else one by one, leniently."""
    try:
        return [_with_run(record) for record in _RESULTS.validate_python(items)]
    except ValidationError:
        return [search_result(item) for item in items]


def _with_run(record: _R) -> _R:
    if record.run_id is None and record.session_id is not None:
        record.run_id = record.session_id
    return record


def memory_record(item: Mapping[str, Any]) -> MemoryRecord:
    """Read one memory."""
    return MemoryRecord(**record_fields(item))


def memory_details(item: Mapping[str, Any]) -> MemoryDetails:
    """Read one memory with its expiration date."""
    return MemoryDetails(**record_fields(item), expiration_date=text(item.get("expiration_date")))


def search_result(item: Mapping[str, Any]) -> SearchResultRecord:
    """Read one search result; `score` is Mem0's relevance from 0 to 1."""
    return SearchResultRecord(**record_fields(item), score=number(item.get("score")))


def objects(body: Mapping[str, Any], key: str = "results") -> list[dict[str, Any]]:
    """The list of objects that a reply is due to hold.

    Raises:
        ActionError: `bad_response` when it holds none; an empty answer must not stand for a broken one.
    """
    items = body.get(key)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ActionError(ErrorCode.BAD_RESPONSE, f"Mem0's reply holds no list of objects under {key!r}")
    return items


def record_fields(item: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that every kind of memory record has."""
    metadata = item.get("metadata")
    # A list, a single memory and a history call the run `session_id`; a search calls it `run_id`.
    run = item.get("run_id")
    return {
        "id": text(item.get("id")),
        "memory": text(item.get("memory")),
        "user_id": text(item.get("user_id")),
        "agent_id": text(item.get("agent_id")),
        "app_id": text(item.get("app_id")),
        "run_id": text(run if run is not None else item.get("session_id")),
        "hash": text(item.get("hash")),
        "metadata": metadata if isinstance(metadata, dict) else None,
        "categories": text_list(item.get("categories")),
        "created_at": text(item.get("created_at")),
        "updated_at": text(item.get("updated_at")),
    }
