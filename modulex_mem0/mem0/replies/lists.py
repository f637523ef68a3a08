"""Lists of memories: read from their bytes in one pass where all is as documented, else value by value."""

from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from modulex_mem0.contract import Reply
from modulex_mem0.mem0.replies.answer import object_of
from modulex_mem0.mem0.replies.records import (
    MemoryRecord,
    SearchResultRecord,
    memory_record,
    objects,
    search_result,
)
from modulex_mem0.mem0.replies.values import text, whole_number

__all__ = ["MemoryPage", "memory_page", "search_results"]

_Categories = Annotated[list[str] | None, Field(default=None)]
_DOCUMENTED = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class MemoryPage:
    """A page of a list: its memories, how many the whole list has, and the addresses of its neighbours."""

    memories: list[MemoryRecord]
    count: int | None
    next: str | None
    previous: str | None


@with_config(_DOCUMENTED)
class _ListedMemory(MemoryRecord):
    # Null where there are none.
    categories: _Categories  # type: ignore[misc]
    session_id: NotRequired[str | None]


@with_config(_DOCUMENTED)
class _FoundMemory(SearchResultRecord):
    # Null where there are none.
    categories: _Categories  # type: ignore[misc]
    session_id: NotRequired[str | None]


@with_config(_DOCUMENTED)
class _Answer(TypedDict):
    # Where either says something, the reply may report a failure.
    error: NotRequired[None]
    status: NotRequired[None]


@with_config(_DOCUMENTED)
class _ListAnswer(_Answer):
    results: list[_ListedMemory]
    count: NotRequired[int | None]
    next: NotRequired[str | None]
    previous: NotRequired[str | None]


@with_config(_DOCUMENTED)
class _SearchAnswer(_Answer):
    results: list[_FoundMemory]


_LISTED = TypeAdapter(_ListAnswer)
_FOUND = TypeAdapter(_SearchAnswer)
_AnswerT = TypeVar("_AnswerT")


def search_results(reply: Reply) -> list[SearchResultRecord]:
    """The results of a search.

    Raises:
        ActionError: As `object_of` and `objects`.
    """
    answer = _documented(_FOUND, reply.body)
    if answer is None:
        return [search_result(item) for item in objects(object_of(reply))]
    return _settled(answer["results"])


def memory_page(reply: Reply) -> MemoryPage:
    """A page of a list.

    Raises:
        ActionError: As `object_of` and `objects`.
    """
    answer = _documented(_LISTED, reply.body)
    if answer is None:
        body = object_of(reply)
        return MemoryPage(
            [memory_record(item) for item in objects(body)],
            whole_number(body.get("count")),
            text(body.get("next")),
            text(body.get("previous")),
        )
    return MemoryPage(_settled(answer["results"]), answer.get("count"), answer.get("next"), answer.get("previous"))


def _documented(shape: TypeAdapter[_AnswerT], body: bytes) -> _AnswerT | None:
    # Python's decoders take these for numbers, which JSON does not have. One letter is found many times faster.
    if (b"N" in body and b"NaN" in body) or (b"I" in body and b"Infinity" in body):
        return None
    try:
        found: _AnswerT = shape.validator.validate_json(body)
    except ValidationError:
        return None
    return found


def _settled(memories: list[Any]) -> list[Any]:
    """Memories with their run under one name, which a list calls `session_id`, and with categories that are a list."""
    for memory in memories:
        session = memory.pop("session_id", None)
        if memory["run_id"] is None:
            memory["run_id"] = session
        if memory["categories"] is None:
            memory["categories"] = []
    return memories
