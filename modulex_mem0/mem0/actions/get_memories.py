"""`POST /v3/memories/` and `GET /v1/memories/{id}/`: read what is remembered of a user."""

from typing import Any, Self

from pydantic import Field, model_validator

from modulex_mem0.contract import ADVANCED, ActionError, ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.parameters.dates import DateText, created_between, is_day, refuse_disorder
from modulex_mem0.mem0.parameters.filters import ListFilters
from modulex_mem0.mem0.parameters.ids import AgentId, AppId, MemoryId, RunId, UserId
from modulex_mem0.mem0.parameters.json_values import TextList
from modulex_mem0.mem0.parameters.numbers import ListLimit, MaxItems, Page
from modulex_mem0.mem0.parameters.text import NonBlank
from modulex_mem0.mem0.replies.lists import memory_page
from modulex_mem0.mem0.replies.records import MemoryRecord, memory_record
from modulex_mem0.mem0.samples import MEMORY, MEMORY_ID, USER
from modulex_mem0.mem0.service.client import request_reply
from modulex_mem0.mem0.service.ownership import only_of, owned_memory
from modulex_mem0.mem0.service.pages import collect_pages, is_past_last_page
from modulex_mem0.mem0.service.scope import scoped_filters

__all__ = ["get_memories"]


class GetMemoriesInput(ActionInput):
    """Whose memories, and which of them. With `memory_id` the other parameters are not used."""

    user_id: UserId = Field(
        title="User ID",
        description='User ID to retrieve memories for (e.g., "user_123", "alice@example.com")',
    )
    memory_id: MemoryId | None = Field(
        default=None, title="Memory ID", description='Specific memory ID to retrieve (e.g., "mem_abc123")'
    )
    start_date: DateText | None = Field(
        default=None, title="Start date", description='Start date for filtering by created_at (e.g., "2024-01-15")'
    )
    end_date: DateText | None = Field(
        default=None, title="End date", description='End date for filtering by created_at (e.g., "2024-12-31")'
    )
    limit: ListLimit = Field(
        default=10, title="Limit", description="Maximum number of results to return (e.g., 10, 50, 100)"
    )
    page: Page = Field(default=1, title="Page", description="Page number to retrieve for paginated list results")
    agent_id: AgentId = None
    app_id: AppId = None
    run_id: RunId = None
    filters: ListFilters | None = Field(
        default=None,
        title="Filters",
        description='Conditions in Mem0\'s filter language (e.g., {"metadata": {"source": "chat"}}).',
        json_schema_extra=ADVANCED,
    )
    categories: TextList | None = Field(
        default=None,
        title="Categories",
        description='Only memories of any of these categories (e.g., ["food", "travel"]).',
        json_schema_extra=ADVANCED,
    )
    keywords: NonBlank | None = Field(
        default=None,
        title="Keywords",
        description='Only memories that contain these words (e.g., "pizza").',
        json_schema_extra=ADVANCED,
    )
    show_expired: bool = Field(
        default=False,
        title="Show expired",
        description="Whether memories past their expiration date are listed too.",
        json_schema_extra=ADVANCED,
    )
    return_all: bool = Field(
        default=False,
        title="Return all",
        description="Whether to go through all pages; limit is then not used, and page is where to begin.",
        json_schema_extra=ADVANCED,
    )
    max_items: MaxItems | None = Field(
        default=None,
        title="Max items",
        description="With return_all, the most memories to return; next then tells that there are more.",
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_disorder(self.start_date, self.end_date, ("start_date", "end_date"))
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
    `next` is not null there is more than was returned.

    Raises:
        ActionError: `not_found` for a memory that is not this user's; `invalid_input` for filters that name another
            user; what `request_object` raises. With `return_all`, an error after the first page comes with the
            memories so far and a `next`.
    """
    if input.memory_id is not None:
        return _output([memory_record(await owned_memory(context, input.user_id, input.memory_id))])
    body = _listing(input)
    if input.return_all:
        return await _all_pages(context, input, body)
    try:
        reply = await request_reply(
            context, "POST", "/v3/memories/", json={**body, "page": input.page, "page_size": input.limit}
        )
    except ActionError as error:
        if input.page > 1 and is_past_last_page(error):
            return _output([])
        raise
    page = memory_page(reply)
    return _output(only_of(input.user_id, page.memories), count=page.count, next=page.next, previous=page.previous)


def _listing(input: GetMemoriesInput) -> dict[str, Any]:
    """The body of a list request. Mem0 takes days as whole ones; moments go into a filter, which is exact."""
    days = {
        name: value
        for name, value in (("start_date", input.start_date), ("end_date", input.end_date))
        if value is not None and is_day(value)
    }
    moments = created_between(
        None if "start_date" in days else input.start_date, None if "end_date" in days else input.end_date
    )
    body: dict[str, Any] = {
        "filters": scoped_filters(input, {"created_at": moments} if moments else None, input.filters),
        **days,
        **input.model_dump(include={"categories", "keywords"}, exclude_none=True),
    }
    if input.show_expired:
        body["show_expired"] = True
    return body


async def _all_pages(context: Context, input: GetMemoriesInput, body: dict[str, Any]) -> GetMemoriesOutput:
    collected = await collect_pages(context, body, first_page=input.page, max_items=input.max_items)
    output = _output(only_of(input.user_id, collected.items), count=collected.count, next=collected.next)
    if collected.failure is not None:
        collected.failure.partial_output = output.model_dump(exclude={"success", "error"})
        raise collected.failure
    return output


def _output(memories: list[MemoryRecord], **page: Any) -> GetMemoriesOutput:  # noqa: ANN401 - the page's own fields
    ids = [memory_id for memory in memories if (memory_id := memory["id"])]
    # Read records need no second check here: the runtime checks what leaves.
    return GetMemoriesOutput.model_construct(success=True, error=None, memories=memories, ids=ids, **page)
