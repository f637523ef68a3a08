"""`POST /v3/memories/search/`: find what is remembered of a user, by meaning."""

from pydantic import Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.client import request_object
from modulex_mem0.mem0.fields import Query, SearchLimit, UserId
from modulex_mem0.mem0.ownership import only_of
from modulex_mem0.mem0.records import SearchResultRecord, objects, search_result

__all__ = ["search_memories"]


class SearchMemoriesInput(ActionInput):
    """What to look for, and in whose memories."""

    user_id: UserId = Field(
        title="User ID",
        description='User ID to search memories for (e.g., "user_123", "alice@example.com")',
    )
    query: Query = Field(
        title="Query",
        description='Search query to find relevant memories (e.g., "What are my favorite foods?")',
    )
    limit: SearchLimit = Field(
        default=10, title="Limit", description="Maximum number of results to return (e.g., 10, 50, 100)"
    )


# As with the other documented outputs, a docstring would become a description that the page does not show.
class SearchMemoriesOutput(ActionOutput):
    search_results: list[SearchResultRecord] = Field(default_factory=list)
    ids: list[str] = Field(default_factory=list)


_FOUND = {
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
    "score": 0.82,
}


@action(
    title="Search memories",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"user_id": "alice", "query": "What may I cook for Alice?", "limit": 5},
        output={"success": True, "error": None, "search_results": [_FOUND], "ids": [_FOUND["id"]]},
    ),
)
async def search_memories(context: Context, input: SearchMemoriesInput) -> SearchMemoriesOutput:
    """Search for memories in Mem0 using semantic search.

    Results are ordered by `score`, from 0 to 1, best first.

    Raises:
        ActionError: `bad_response` for a reply without results; what `request_object` raises.
    """
    body = await request_object(
        context,
        "POST",
        "/v3/memories/search/",
        # Mem0 refuses a user id beside the filters.
        json={"query": input.query, "filters": {"user_id": input.user_id}, "top_k": input.limit},
    )
    results = [search_result(item) for item in only_of(input.user_id, objects(body))]
    return SearchMemoriesOutput(
        success=True, search_results=results, ids=[result.id for result in results if result.id]
    )
