"""`POST /v3/memories/search/`: find what is remembered of a user, by meaning."""

from typing import Any, Self

from pydantic import Field, model_validator

from modulex_mem0.contract import ADVANCED, ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.parameters.dates import DateText, created_between, refuse_disorder
from modulex_mem0.mem0.parameters.filters import SearchFilters
from modulex_mem0.mem0.parameters.ids import AgentId, AppId, RunId, UserId
from modulex_mem0.mem0.parameters.json_values import JsonObject, TextList
from modulex_mem0.mem0.parameters.numbers import SearchLimit, Threshold
from modulex_mem0.mem0.parameters.text import NonBlank
from modulex_mem0.mem0.replies.lists import search_results
from modulex_mem0.mem0.replies.records import SearchResultRecord
from modulex_mem0.mem0.samples import MEMORY, MEMORY_ID, USER
from modulex_mem0.mem0.service.client import request_reply
from modulex_mem0.mem0.service.ownership import only_of
from modulex_mem0.mem0.service.scope import scoped_filters

__all__ = ["search_memories"]


class SearchMemoriesInput(ActionInput):
    """What to look for, and in whose memories."""

    user_id: UserId = Field(
        title="User ID",
        description='User ID to search memories for (e.g., "user_123", "alice@example.com")',
    )
    query: NonBlank = Field(
        title="Query",
        description='Search query to find relevant memories (e.g., "What are my favorite foods?")',
    )
    limit: SearchLimit = Field(
        default=10, title="Limit", description="Maximum number of results to return (e.g., 10, 50, 100)"
    )
    agent_id: AgentId = None
    app_id: AppId = None
    run_id: RunId = None
    filters: SearchFilters | None = Field(
        default=None,
        title="Filters",
        description='Conditions in Mem0\'s filter language (e.g., {"categories": {"in": ["food"]}}).',
        json_schema_extra=ADVANCED,
    )
    threshold: Threshold | None = Field(
        default=None,
        title="Threshold",
        description="Lowest score to return, from 0 (everything) to 1; Mem0 takes 0.1 where it is left out.",
        json_schema_extra=ADVANCED,
    )
    rerank: bool = Field(
        default=False,
        title="Rerank",
        description="Whether Mem0 orders the results once more, better and slower.",
        json_schema_extra=ADVANCED,
    )
    categories: TextList | None = Field(
        default=None,
        title="Categories",
        description='Only memories of any of these categories (e.g., ["food", "travel"]).',
        json_schema_extra=ADVANCED,
    )
    metadata: JsonObject | None = Field(
        default=None,
        title="Metadata",
        description='Only memories with this metadata (e.g., {"source": "chat"}).',
        json_schema_extra=ADVANCED,
    )
    created_after: DateText | None = Field(
        default=None,
        title="Created after",
        description='Only memories created on this day or moment or later (e.g., "2024-01-15").',
        json_schema_extra=ADVANCED,
    )
    created_before: DateText | None = Field(
        default=None,
        title="Created before",
        description='Only memories created on this day or moment or earlier (e.g., "2024-12-31").',
        json_schema_extra=ADVANCED,
    )
    show_expired: bool = Field(
        default=False,
        title="Show expired",
        description="Whether memories past their expiration date are found too.",
        json_schema_extra=ADVANCED,
    )
    reference_date: DateText | None = Field(
        default=None,
        title="Reference date",
        description='Day or moment to search from, as if it were now (e.g., "2024-06-01").',
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        refuse_disorder(self.created_after, self.created_before, ("created_after", "created_before"))
        return self


# Sent under the same name, and only where given.
_PASSED_ON = ("threshold", "categories", "metadata", "reference_date")


# As with the other documented outputs, a docstring would become a description that the page does not show.
class SearchMemoriesOutput(ActionOutput):
    search_results: list[SearchResultRecord] = Field(default_factory=list)
    ids: list[str] = Field(default_factory=list)


@action(
    title="Search memories",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"user_id": USER, "query": "What may I cook for Alice?", "limit": 5},
        output={
            "success": True,
            "error": None,
            "search_results": [{**MEMORY, "score": 0.82}],
            "ids": [MEMORY_ID],
        },
    ),
)
async def search_memories(context: Context, input: SearchMemoriesInput) -> SearchMemoriesOutput:
    """Search for memories in Mem0 using semantic search.

    Results are ordered by `score`, from 0 to 1, best first.

    Raises:
        ActionError: `invalid_input` for filters that name another user; `bad_response` for a reply without results;
            what `request_object` raises.
    """
    created = created_between(input.created_after, input.created_before)
    body: dict[str, Any] = {
        "query": input.query,
        # Mem0 refuses a user id beside the filters.
        "filters": scoped_filters(input, {"created_at": created} if created else None, input.filters),
        "top_k": input.limit,
        **{name: value for name in _PASSED_ON if (value := getattr(input, name)) is not None},
    }
    body |= {name: True for name in ("rerank", "show_expired") if getattr(input, name)}
    results = only_of(
        input.user_id, search_results(await request_reply(context, "POST", "/v3/memories/search/", json=body))
    )
    ids = [memory_id for result in results if (memory_id := result["id"])]
    # Read records need no second check here: the runtime checks what leaves.
    return SearchMemoriesOutput.model_construct(success=True, error=None, search_results=results, ids=ids)
