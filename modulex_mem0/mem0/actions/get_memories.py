"""`POST /v3/memories/` and `GET /v1/memories/{id}/`: read what is remembered of a user."""

from typing import Any, Self

from pydantic import Field, model_validator

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.client import request_object
from modulex_mem0.mem0.dates import DateText, is_day, moment_of
from modulex_mem0.mem0.fields import ListLimit, MemoryId, Page, UserId
from modulex_mem0.mem0.ownership import only_of, require_owner
from modulex_mem0.mem0.records import MemoryRecord, memory_record, objects
from modulex_mem0.mem0.values import text, whole_number

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

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        start, end = self.start_date, self.end_date
        if start and end and moment_of(start, end=False) > moment_of(end, end=True):
            raise ValueError("start_date: is after end_date; swap the two")
        return self


# The connector's page shows this schema without a description, and a docstring would become one.
class GetMemoriesOutput(ActionOutput):
    memories: list[MemoryRecord] = Field(default_factory=list)
    ids: list[str] = Field(default_factory=list)
    count: int | None = None
    next: str | None = None
    previous: str | None = None


_MEMORY = {
    "id": "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11",
    "memory": "User is a vegetarian",
    "user_id": "alice",
    "agent_id": None,
    "app_id": None,
    "run_id": None,
    "hash": None,
    "metadata": None,
    "categories": ["food"],
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:00Z",
}


@action(
    title="Get memories",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"user_id": "alice", "start_date": "2026-01-01", "limit": 10},
        output={
            "success": True,
            "error": None,
            "memories": [_MEMORY],
            "ids": [_MEMORY["id"]],
            "count": 1,
            "next": None,
            "previous": None,
        },
    ),
)
async def get_memories(context: Context, input: GetMemoriesInput) -> GetMemoriesOutput:
    """Retrieve memories from Mem0 by ID or filter criteria.

    Both dates are inclusive, and an end date covers its whole day, in UTC. A page past the last is empty.

    Raises:
        ActionError: `not_found` for a memory that is not this user's; what `request_object` raises.
    """
    if input.memory_id is not None:
        item = await request_object(context, "GET", f"/v1/memories/{input.memory_id}/")
        require_owner(input.user_id, item)
        return _output([memory_record(item)])
    body = await request_object(context, "POST", "/v3/memories/", json=_listing(input))
    memories = [memory_record(item) for item in only_of(input.user_id, objects(body))]
    return _output(
        memories,
        count=whole_number(body.get("count")),
        next=text(body.get("next")),
        previous=text(body.get("previous")),
    )


def _listing(input: GetMemoriesInput) -> dict[str, Any]:
    """The body of a list request. Mem0 takes days as whole ones; moments go into a filter, which is exact."""
    filters: dict[str, Any] = {"user_id": input.user_id}
    body: dict[str, Any] = {"filters": filters, "page": input.page, "page_size": input.limit}
    created: dict[str, str] = {}
    for key, operator, value in (("start_date", "gte", input.start_date), ("end_date", "lte", input.end_date)):
        if value is None:
            continue
        if is_day(value):
            body[key] = value
        else:
            created[operator] = value
    if created:
        filters["created_at"] = created
    return body


def _output(memories: list[MemoryRecord], **page: Any) -> GetMemoriesOutput:  # noqa: ANN401 - the page's own fields
    return GetMemoriesOutput(
        success=True, memories=memories, ids=[memory.id for memory in memories if memory.id], **page
    )
