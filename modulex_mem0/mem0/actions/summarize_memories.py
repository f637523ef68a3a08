"""`POST /v1/summary/`: summarize what is remembered of a user."""

from typing import Any

from pydantic import Field

from modulex_mem0.contract import ActionOutput, Context, Example, action, advanced
from modulex_mem0.mem0.filters import ListFilters, owned_filters
from modulex_mem0.mem0.ids import UserScope
from modulex_mem0.mem0.ownership import Owner
from modulex_mem0.mem0.profile import USER
from modulex_mem0.mem0.replies import read_json, text

__all__ = ["summarize_memories"]


class SummarizeMemoriesInput(UserScope):
    """Whose memories, and which of them."""

    blank_is_absent = True

    filters: ListFilters | None = advanced(
        'Conditions in Mem0\'s filter language (e.g., {"categories": {"in": ["food"]}}).'
    )


class SummarizeMemoriesOutput(ActionOutput):
    """The summary."""

    summary: str | None = Field(default=None, description="The summary as text; null if there is none.")
    items: list[Any] = Field(default_factory=list, description="Mem0's answer, whose form Mem0 does not document.")


@action(
    title="Summarize memories",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"user_id": USER},
        output={
            "success": True,
            "error": None,
            "summary": "User is a vegetarian.",
            "items": [{"summary": "User is a vegetarian."}],
        },
    ),
)
async def summarize_memories(context: Context, input: SummarizeMemoriesInput) -> SummarizeMemoriesOutput:
    """Get a summary of what is remembered about a user.

    Raises:
        ActionError: `invalid_input` for filters that name another user; `bad_response` for a bare value.
    """
    filters = owned_filters(input, filters=input.filters)
    body = read_json(await context.http.send("POST", "/v1/summary/", json={"filters": filters}))
    given = body if isinstance(body, list) else [body]
    # Items that are memories carry their user; the others are texts about the requested ones.
    owner = Owner(input.user_id, input.agent_id)
    items = [item for item in given if not owner.mentions_another(item)]
    texts = [found for item in items if (found := _text_of(item))]
    return SummarizeMemoriesOutput(success=True, summary="\n".join(texts) or None, items=items)


def _text_of(item: object) -> str | None:
    if isinstance(item, dict):
        return next((found for key in ("summary", "memory", "text") if (found := text(item.get(key)))), None)
    return text(item)
