"""A stored memory: the record that actions return, read from whatever Mem0 sends."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.mem0.replies.values import number, text, text_list

__all__ = [
    "MemoryDetails",
    "MemoryRecord",
    "Record",
    "SearchResultRecord",
    "memory_details",
    "memory_record",
    "objects",
    "search_result",
]


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
    return MemoryRecord(**_fields(item))


def memory_details(item: Mapping[str, Any]) -> MemoryDetails:
    """Read one memory with its expiration date."""
    return MemoryDetails(**_fields(item), expiration_date=text(item.get("expiration_date")))


def search_result(item: Mapping[str, Any]) -> SearchResultRecord:
    """Read one search result; `score` is Mem0's relevance from 0 to 1."""
    return SearchResultRecord(**_fields(item), score=number(item.get("score")))


def objects(body: Mapping[str, Any], key: str = "results") -> list[dict[str, Any]]:
    """The list of objects that a reply is due to hold.

    Raises:
        ActionError: `bad_response` when it holds none; an empty answer must not stand for a broken one.
    """
    items = body.get(key)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ActionError(ErrorCode.BAD_RESPONSE, f"Mem0's reply holds no list of objects under {key!r}")
    return items


def _fields(item: Mapping[str, Any]) -> _Memory:
    """The fields that every kind of memory has."""
    metadata = item.get("metadata")
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
        metadata=metadata if isinstance(metadata, dict) else None,
        categories=text_list(item.get("categories")),
        created_at=text(item.get("created_at")),
        updated_at=text(item.get("updated_at")),
    )
