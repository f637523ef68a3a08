"""`POST /v1/summary/`: what is remembered of a user, in brief."""

from typing import Any

from pydantic import Field

from modulex_mem0.contract import ADVANCED, ActionError, ActionInput, ActionOutput, Context, ErrorCode, Example, action
from modulex_mem0.mem0.parameters.filters import ListFilters
from modulex_mem0.mem0.parameters.ids import AgentId, AppId, OwnerId, RunId
from modulex_mem0.mem0.replies.answer import json_of
from modulex_mem0.mem0.replies.values import text
from modulex_mem0.mem0.samples import USER
from modulex_mem0.mem0.service.client import request_reply
from modulex_mem0.mem0.service.ownership import only_of
from modulex_mem0.mem0.service.scope import scoped_filters

__all__ = ["summarize_memories"]


class SummarizeMemoriesInput(ActionInput):
    """Whose memories, and which of them."""

    user_id: OwnerId
    agent_id: AgentId = None
    app_id: AppId = None
    run_id: RunId = None
    filters: ListFilters | None = Field(
        default=None,
        title="Filters",
        description='Conditions in Mem0\'s filter language (e.g., {"categories": {"in": ["food"]}}).',
        json_schema_extra=ADVANCED,
    )


class SummarizeMemoriesOutput(ActionOutput):
    """The summary."""

    summary: str | None = Field(
        default=None, description="The texts of the summary, a line each; null if there are none."
    )
    items: list[Any] = Field(default_factory=list, description="What Mem0 answered; it does not document the form.")


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
    """Summarize what is remembered of a user.

    Raises:
        ActionError: `invalid_input` for filters that name another user; `bad_response` for a bare value; what
            `request_reply` and `json_of` raise.
    """
    filters = scoped_filters(input, filters=input.filters)
    body = json_of(await request_reply(context, "POST", "/v1/summary/", json={"filters": filters}))
    if not isinstance(body, list | dict):
        raise ActionError(ErrorCode.BAD_RESPONSE, "Mem0 answered with a bare value where a list is due")
    given = body if isinstance(body, list) else [body]
    # Items that are memories carry their user; the others are texts about the ones that were asked for.
    objects = only_of(input.user_id, (item for item in given if isinstance(item, dict)))
    items = [item for item in given if not isinstance(item, dict) or item in objects]
    texts = [found for item in items if (found := _text_of(item))]
    return SummarizeMemoriesOutput(success=True, summary="\n".join(texts) or None, items=items)


def _text_of(item: object) -> str | None:
    if isinstance(item, dict):
        return next((found for key in ("summary", "memory", "text") if (found := text(item.get(key)))), None)
    return text(item)
