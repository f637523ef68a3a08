"""`POST /v3/memories/search/`: find what is remembered of a user, by meaning."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from modulex_mem0.contract import ActionOutput, Context, Example, action, advanced
from modulex_mem0.mem0.filters import SearchFilters, owned_filters
from modulex_mem0.mem0.ids import ScopeId, UserScope
from modulex_mem0.mem0.memories import LARGEST_SEARCH, SearchResultRecord, search_results
from modulex_mem0.mem0.ownership import Owner
from modulex_mem0.mem0.parameters import (
    DateText,
    JsonObject,
    NonBlank,
    NotBool,
    TextList,
    created_between,
    validate_order,
)
from modulex_mem0.mem0.profile import MEMORY, MEMORY_ID, USER

__all__ = ["search_memories"]


class SearchMemoriesInput(UserScope):
    """What to look for, and in whose memories."""

    blank_is_absent = True

    user_id: ScopeId = Field(description='User ID to search memories for (e.g., "user_123", "alice@example.com")')
    query: NonBlank = Field(description='Search query to find relevant memories (e.g., "What are my favorite foods?")')
    limit: Annotated[int, Field(ge=1, le=LARGEST_SEARCH), NotBool] = Field(
        default=10, description="Maximum number of results to return (e.g., 10, 50, 100)"
    )
    filters: SearchFilters | None = advanced(
        'Conditions in Mem0\'s filter language (e.g., {"categories": {"in": ["food"]}}).'
    )
    threshold: Annotated[float, Field(ge=0, le=1), NotBool] | None = advanced(
        "Lowest score to return, from 0 (everything) to 1. Mem0's default is 0.1."
    )
    rerank: bool = advanced("Whether Mem0 reranks the results: more accurate, but slower.", default=False)
    categories: TextList | None = advanced('Only memories with any of these categories (e.g., ["food", "travel"]).')
    metadata: JsonObject | None = advanced('Only memories with this metadata (e.g., {"source": "chat"}).')
    created_after: DateText | None = advanced(
        'Only memories created at or after this date or time (e.g., "2024-01-15").'
    )
    created_before: DateText | None = advanced(
        'Only memories created at or before this date or time (e.g., "2024-12-31").'
    )
    show_expired: bool = advanced("Whether to include memories past their expiration date.", default=False)
    reference_date: DateText | None = advanced('Date or time to take as now (e.g., "2024-06-01").')

    @model_validator(mode="after")
    def _validate_dates(self) -> Self:
        validate_order(self.created_after, self.created_before, ("created_after", "created_before"))
        return self


# Sent under their own names, where they are not at their defaults.
_OPTIONS = {"threshold", "rerank", "categories", "metadata", "show_expired", "reference_date"}


# The connector's page shows this schema without a description, and a docstring would become one.
class SearchMemoriesOutput(ActionOutput):
    search_results: list[SearchResultRecord] = Field(default_factory=list)
    ids: list[str] = Field(default_factory=list)


@action(
    title="Search memories",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"user_id": USER, "query": "What may I cook for Alice?", "limit": 5},
        output={"success": True, "error": None, "search_results": [{**MEMORY, "score": 0.82}], "ids": [MEMORY_ID]},
    ),
)
async def search_memories(context: Context, input: SearchMemoriesInput) -> SearchMemoriesOutput:
    """Search for memories in Mem0 using semantic search.

    Results are ordered by `score`, from 0 to 1, best first.

    Raises:
        ActionError: `invalid_input` for filters that name another user; `bad_response` for a reply without results.
    """
    body: dict[str, Any] = {
        "query": input.query,
        # Mem0 refuses a user id beside the filters.
        "filters": owned_filters(input, created_between(input.created_after, input.created_before), input.filters),
        "top_k": input.limit,
        **input.model_dump(include=_OPTIONS, exclude_defaults=True),
    }
    reply = await context.http.send("POST", "/v3/memories/search/", json=body)
    results = search_results(reply, Owner(input.user_id, input.agent_id), input.limit)
    ids = [memory_id for result in results if (memory_id := result["id"])]
    # Read records need no second check here: the runtime checks what leaves.
    return SearchMemoriesOutput.model_construct(success=True, error=None, search_results=results, ids=ids)
