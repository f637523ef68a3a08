"""`POST /v3/memories/` and `GET /v1/memories/{id}/`: read what is remembered of a user."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from modulex_mem0.contract import ActionError, ActionOutput, Context, Example, action, advanced
from modulex_mem0.mem0.filters import ListFilters, owned_filters
from modulex_mem0.mem0.ids import Mem0Id, ScopeId, UserScope
from modulex_mem0.mem0.memories import MemoryRecord, memory_page, memory_record
from modulex_mem0.mem0.ownership import Owner, get_owned_memory
from modulex_mem0.mem0.pages import collect_pages, is_past_last_page
from modulex_mem0.mem0.parameters import (
    DateText,
    NonBlank,
    NotBool,
    PageNumber,
    PageSize,
    TextList,
    created_between,
    is_day,
    validate_order,
)
from modulex_mem0.mem0.profile import MEMORY, MEMORY_ID, USER

__all__ = ["get_memories"]


class GetMemoriesInput(UserScope):
    """Whose memories, and which of them. With `memory_id` the other parameters are not used."""

    blank_is_absent = True

    user_id: ScopeId = Field(description='User ID to retrieve memories for (e.g., "user_123", "alice@example.com")')
    memory_id: Mem0Id | None = Field(default=None, description='Specific memory ID to retrieve (e.g., "mem_abc123")')
    start_date: DateText | None = Field(
        default=None, description='Start date for filtering by created_at (e.g., "2024-01-15")'
    )
    end_date: DateText | None = Field(
        default=None, description='End date for filtering by created_at (e.g., "2024-12-31")'
    )
    limit: PageSize = Field(default=10, description="Maximum number of results to return (e.g., 10, 50, 100)")
    page: PageNumber = Field(default=1, description="Page number to retrieve for paginated list results")
    filters: ListFilters | None = advanced(
        'Conditions in Mem0\'s filter language (e.g., {"metadata": {"source": "chat"}}).'
    )
    categories: TextList | None = advanced('Only memories with any of these categories (e.g., ["food", "travel"]).')
    keywords: NonBlank | None = advanced('Only memories that contain these words (e.g., "pizza").')
    show_expired: bool = advanced("Whether to include memories past their expiration date.", default=False)
    return_all: bool = advanced("Whether to return all pages, from page on; limit is then not used.", default=False)
    max_items: Annotated[int, Field(ge=1, le=1_000_000), NotBool] | None = advanced(
        "Maximum number of memories with return_all. If there are more, next is set."
    )

    @model_validator(mode="after")
    def _validate_combination(self) -> Self:
        validate_order(self.start_date, self.end_date, ("start_date", "end_date"))
        if self.max_items is not None and not self.return_all:
            raise ValueError("max_items: is for return_all; use limit, or set return_all to true")
        return self


# The connector's page shows this schema without a description, and a docstring would become one.
class GetMemoriesOutput(ActionOutput):
    memories: list[MemoryRecord] = Field(default_factory=list)
    ids: list[str] = Field(default_factory=list)
    count: int | None = None
    next: str | None = None
    previous: str | None = None


@action(
    title="Get memories",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"user_id": USER, "start_date": "2026-01-01", "limit": 10},
        output={
            "success": True,
            "error": None,
            "memories": [MEMORY],
            "ids": [MEMORY_ID],
            "count": 1,
            "next": None,
            "previous": None,
        },
    ),
)
async def get_memories(context: Context, input: GetMemoriesInput) -> GetMemoriesOutput:
    """Retrieve memories from Mem0 by ID or filter criteria.

    Both dates are inclusive, and an end date covers its whole day, in UTC. A page past the last is empty. As long as
    `next` is not null there are more memories than were returned.

    Raises:
        ActionError: `not_found` for a memory that is not this user's; `invalid_input` for filters that name another
            user; `bad_response` for a reply without results. With `return_all`, an error after the first page comes
            with the memories so far and a `next`.
    """
    if input.memory_id is not None:
        return _output([memory_record(await get_owned_memory(context, input.user_id, input.memory_id))])
    body = _list_request(input)
    if input.return_all:
        return await _all_pages(context, input, body)
    reply = await context.http.send(
        "POST", "/v3/memories/", json={**body, "page": input.page, "page_size": input.limit}
    )
    try:
        page = memory_page(reply, _owner(input), input.limit)
    except ActionError as error:
        if input.page > 1 and is_past_last_page(error):
            return _output([])
        raise
    return _output(page.records, count=page.count, next=page.next, previous=page.previous)


def _owner(input: GetMemoriesInput) -> Owner:
    return Owner(input.user_id, input.agent_id)


def _list_request(input: GetMemoriesInput) -> dict[str, Any]:
    """The body of a list request. Mem0 takes days as whole ones; moments go into a filter, which is exact."""
    days = {
        name: value
        for name, value in (("start_date", input.start_date), ("end_date", input.end_date))
        if value is not None and is_day(value)
    }
    moments = created_between(
        None if "start_date" in days else input.start_date, None if "end_date" in days else input.end_date
    )
    return {
        "filters": owned_filters(input, moments, input.filters),
        **days,
        **input.model_dump(include={"categories", "keywords", "show_expired"}, exclude_defaults=True),
    }


async def _all_pages(context: Context, input: GetMemoriesInput, body: dict[str, Any]) -> GetMemoriesOutput:
    collected = await collect_pages(context, body, _owner(input), first_page=input.page, max_items=input.max_items)
    output = _output(collected.items, count=collected.count, next=collected.next)
    if collected.failure is not None:
        collected.failure.partial_output = output.model_dump(exclude={"success", "error"})
        raise collected.failure
    return output


def _output(memories: list[MemoryRecord], **page: Any) -> GetMemoriesOutput:  # noqa: ANN401 - the page's own fields
    ids = [memory_id for memory in memories if (memory_id := memory["id"])]
    # Read records need no second check here: the runtime checks what leaves.
    return GetMemoriesOutput.model_construct(success=True, error=None, memories=memories, ids=ids, **page)
