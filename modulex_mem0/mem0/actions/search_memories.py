"""`POST /v3/memories/search/`: find what is remembered of a user, by meaning."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from modulex_mem0.contract import ActionOutput, Context, Example, action, advanced
from modulex_mem0.mem0.filters import SearchFilters, scoped_filters
from modulex_mem0.mem0.ownership import filter_to_user
from modulex_mem0.mem0.parameters import (
    DateText,
    JsonObject,
    NonBlank,
    NotBool,
    ScopeId,
    TextList,
    UserScope,
    created_between,
    validate_order,
)
from modulex_mem0.mem0.profile import MEMORY, MEMORY_ID, USER
from modulex_mem0.mem0.replies import SearchResultRecord, search_results

__all__ = ["search_memories"]


class SearchMemoriesInput(UserScope):
    """What to look for, and in whose memories."""

    user_id: ScopeId = Field(description='User ID to search memories for (e.g., "user_123", "alice@example.com")')
    query: NonBlank = Field(description='Search query to find relevant memories (e.g., "What are my favorite foods?")')
    limit: Annotated[int, Field(ge=1, le=1000), NotBool] = Field(
        default=10, description="Maximum number of results to return (e.g., 10, 50, 100)"
    )
    filters: SearchFilters | None = advanced(
        'Conditions in Mem0\'s filter language (e.g., {"categories": {"in": ["food"]}}).'
    )
    threshold: Annotated[float, Field(ge=0, le=1), NotBool] | None = advanced(
        "Lowest score to return, from 0 (everything) to 1; Mem0 takes 0.1 where it is left out."
    )
    rerank: bool = advanced("Whether Mem0 orders the results once more, better and slower.", default=False)
    categories: TextList | None = advanced('Only memories of any of these categories (e.g., ["food", "travel"]).')
    metadata: JsonObject | None = advanced('Only memories with this metadata (e.g., {"source": "chat"}).')
    created_after: DateText | None = advanced(
        'Only memories created on this day or moment or later (e.g., "2024-01-15").'
    )
    created_before: DateText | None = advanced(
        'Only memories created on this day or moment or earlier (e.g., "2024-12-31").'
    )
    show_expired: bool = advanced("Whether memories past their expiration date are found too.", default=False)
    reference_date: DateText | None = advanced('Day or moment to search from, as if it were now (e.g., "2024-06-01").')

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
        "filters": scoped_filters(input, created_between(input.created_after, input.created_before), input.filters),
        "top_k": input.limit,
        **input.model_dump(include=_OPTIONS, exclude_defaults=True),
    }
    reply = await context.http.send("POST", "/v3/memories/search/", json=body)
    results = filter_to_user(input.user_id, search_results(reply))
    ids = [memory_id for result in results if (memory_id := result["id"])]
    # Read records need no second check here: the runtime checks what leaves.
    return SearchMemoriesOutput.model_construct(success=True, error=None, search_results=results, ids=ids)
