"""Memories, and lists of them, as Mem0's replies hold them.

A list is read from its bytes in one pass where all is as documented, else record by record. What names another user is
left out, judged by the record as it arrived.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from modulex_mem0.contract import Reply
from modulex_mem0.mem0.ownership import Owner
from modulex_mem0.mem0.replies import (
    Page,
    bad_response,
    mapping,
    most_records,
    number,
    read_object,
    read_page,
    refuse_flood,
    text,
    text_list,
)

__all__ = [
    "LARGEST_PAGE",
    "LARGEST_SEARCH",
    "MemoryDetails",
    "MemoryRecord",
    "SearchResultRecord",
    "memory_details",
    "memory_page",
    "memory_record",
    "search_result",
    "search_results",
]

#: The most records that Mem0 returns on a page of a list.
LARGEST_PAGE = 200
#: The most results that Mem0 returns to a search.
LARGEST_SEARCH = 1000


# One memory


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
    """A memory with its expiration date."""

    expiration_date: Annotated[_Text, Field(description="Last day on which it is found, YYYY-MM-DD.")]


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


# Lists of memories


def search_results(reply: Reply, owner: Owner, limit: int) -> list[SearchResultRecord]:
    """The results of a search, at most `limit`, without those that are not the owner's.

    Raises:
        ActionError: As `read_object` and `read_page`.
    """
    answer = _validate_documented(_SEARCH_REPLY, reply, limit)
    if answer is None:
        found = read_page(read_object(reply), search_result, limit=limit, keep=owner.may_see).records
    else:
        found = owner.filter(_normalize(answer["results"]))
    # The best come first.
    return found[:limit]


def memory_page(reply: Reply, owner: Owner, limit: int) -> Page[MemoryRecord]:
    """A page of a list, without what is not the owner's.

    A page that is a little longer than requested is returned whole: what is cut from it would be on no other page.

    Raises:
        ActionError: As `read_object` and `read_page`.
    """
    answer = _validate_documented(_LIST_REPLY, reply, limit)
    if answer is None:
        return read_page(read_object(reply), memory_record, limit=limit, keep=owner.may_see)
    records = owner.filter(_normalize(answer["results"]))
    return Page(records, answer.get("count"), answer.get("next"), answer.get("previous"))


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
    # A reply with more is refused before its records are read.
    results: Annotated[list[_ListedMemory], Field(max_length=most_records(LARGEST_PAGE))]
    count: NotRequired[int | None]
    next: NotRequired[str | None]
    previous: NotRequired[str | None]


@with_config(_DOCUMENTED)
class _SearchReply(_DocumentedReply):
    results: Annotated[list[_FoundMemory], Field(max_length=most_records(LARGEST_SEARCH))]


_LIST_REPLY = TypeAdapter(_ListReply)
_SEARCH_REPLY = TypeAdapter(_SearchReply)
_ReplyT = TypeVar("_ReplyT", _ListReply, _SearchReply)
# In fewer bytes, a word is found as fast; so many letters are no longer looked at one by one.
_SHORT, _MANY = 50_000, 1000


def _validate_documented(documented: TypeAdapter[_ReplyT], reply: Reply, limit: int) -> _ReplyT | None:
    """The whole of a successful reply, or None when any part of it is not as documented."""
    reply.require_success()
    body = reply.body
    # Python's decoders take these for numbers, which JSON does not have.
    if (b"N" in body and _contains(body, b"NaN")) or (b"I" in body and _contains(body, b"Infinity")):
        return None
    try:
        answer: _ReplyT = documented.validator.validate_json(body)
    except ValidationError as error:
        if _is_too_long(error):
            raise bad_response(
                f"Mem0 answered with more than {most_records(limit)} records where at most {limit} were requested;"
                " none was read"
            ) from None
        return None
    refuse_flood(len(answer["results"]), limit)
    return answer


def _contains(body: bytes, word: bytes) -> bool:
    """Whether a word is in a body. One letter is found hundreds of times faster than a word."""
    first = word[:1]
    if len(body) < _SHORT or body.count(first) > _MANY:
        return word in body
    at = body.find(first)
    while at >= 0 and not body.startswith(word, at):
        at = body.find(first, at + 1)
    return at >= 0


def _is_too_long(error: ValidationError) -> bool:
    # A list that is too long is given up, so that its records add no errors of their own.
    return error.error_count() < 10 and any(
        problem["type"] == "too_long" and problem["loc"] == ("results",)
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    )


def _normalize(memories: list[Any]) -> list[Any]:
    """Memories with their run under one name, which a list calls `session_id`, and with categories that are a list."""
    for memory in memories:
        session = memory.pop("session_id", None)
        if memory["run_id"] is None:
            memory["run_id"] = session
        if memory["categories"] is None:
            memory["categories"] = []
    return memories
