"""`DELETE /v1/memories/`: delete a user's memories, all or only those of an agent, an app, a run or some metadata."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from modulex_mem0.contract import ActionError, ActionOutput, Context, ErrorCode, Example, action, advanced
from modulex_mem0.mem0.batches import ChunkReport, send_batch
from modulex_mem0.mem0.filters import scoped_filters
from modulex_mem0.mem0.pages import collect_pages
from modulex_mem0.mem0.parameters import JsonObject, UserScope
from modulex_mem0.mem0.profile import EVENT_ID, USER
from modulex_mem0.mem0.replies import MemoryRecord, read_object, text, whole_number

__all__ = ["delete_memories"]

# Listing and deleting one by one takes longer than a single request, in seconds.
_TIME_TO_LIST = 60.0


def _validate_plain_values(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if not metadata or not all(isinstance(value, str | int | float | bool) for value in metadata.values()):
        raise ValueError("must be a non-empty object of plain values, which a memory's metadata must equal")
    return metadata


class DeleteMemoriesInput(UserScope):
    """Whose memories, narrowed to some of them or not."""

    confirm: bool = Field(default=False, description="Must be true to delete; what is deleted cannot be restored.")
    dry_run: bool = Field(default=False, description="Whether to count what would be deleted, and delete nothing.")
    metadata: Annotated[JsonObject, AfterValidator(_validate_plain_values)] | None = advanced(
        'Only memories whose metadata has these values (e.g., {"source": "chat"}).'
    )

    @model_validator(mode="after")
    def _validate_confirmation(self) -> Self:
        if not self.confirm and not self.dry_run:
            raise ValueError("confirm: must be true to delete these memories; dry_run counts them")
        return self


class DeleteMemoriesOutput(ActionOutput):
    """What was deleted, is being deleted, or would be."""

    dry_run: bool = Field(default=False, description="Whether nothing was deleted.")
    matched: int | None = Field(default=None, description="How many memories are meant, expired ones too.")
    deleted: int | None = Field(default=None, description="How many were deleted; null where Mem0 does it later.")
    message: str | None = Field(default=None, description="Mem0's answer.")
    event_id: str | None = Field(default=None, description="Follow it with get_event where Mem0 does it later.")
    chunks: list[ChunkReport] = Field(default_factory=list, description="A report on each chunk of at most 1000.")


@action(
    title="Delete memories",
    idempotent=True,
    destructive=True,
    extra_timeout=lambda params: _TIME_TO_LIST if _is_narrowed(params) else 0.0,
    example=Example(
        input={"user_id": USER, "confirm": True},
        output={
            "success": True,
            "error": None,
            "dry_run": False,
            "matched": None,
            "deleted": None,
            "message": "Delete in progress. This may take some time.",
            "event_id": EVENT_ID,
            "chunks": [],
        },
    ),
)
async def delete_memories(context: Context, input: DeleteMemoriesInput) -> DeleteMemoriesOutput:
    """Delete all memories of a user, or only those of an agent, app, run or metadata, for good.

    All of a user is one request, which Mem0 carries out later. Several ids in one such request are not reliably ANDed,
    so a narrower scope is listed first and then deleted by id, and nothing is deleted unless the list is complete.

    Raises:
        ActionError: The first failed chunk's error, with the reports on all; `bad_response` for a list that does not
            end or has no count.
    """
    if input.dry_run:
        reply = await context.http.send(
            "POST", "/v3/memories/", json={**_list_request(input), "page": 1, "page_size": 1}
        )
        matched = whole_number(read_object(reply).get("count"))
        if matched is None:
            raise ActionError(ErrorCode.BAD_RESPONSE, "Mem0 answered without a count of these memories")
        return DeleteMemoriesOutput(success=True, dry_run=True, matched=matched, deleted=0)
    if _is_narrowed(input):
        return await _delete_by_id(context, input)
    body = read_object(await context.http.send("DELETE", "/v1/memories/", params={"user_id": input.user_id}))
    return DeleteMemoriesOutput(success=True, message=text(body.get("message")), event_id=text(body.get("event_id")))


async def _delete_by_id(context: Context, input: DeleteMemoriesInput) -> DeleteMemoriesOutput:
    collected = await collect_pages(context, _list_request(input))
    if collected.failure is not None:
        raise collected.failure
    if collected.next is not None:
        raise ActionError(ErrorCode.BAD_RESPONSE, "Mem0's list of these memories does not end; nothing was deleted")
    memory_ids = [memory_id for memory in collected.items if (memory_id := _id_if_matching(input, memory)) is not None]
    outcome = await send_batch(context, "DELETE", [{"memory_id": memory_id} for memory_id in memory_ids])
    outcome.raise_if_failed("deleted")
    return DeleteMemoriesOutput(success=True, matched=len(memory_ids), deleted=outcome.accepted, chunks=outcome.chunks)


def _is_narrowed(input: DeleteMemoriesInput) -> bool:
    return bool(input.narrower_ids or input.metadata)


def _list_request(input: DeleteMemoriesInput) -> dict[str, Any]:
    conditions = {"metadata": input.metadata} if input.metadata else None
    return {"filters": scoped_filters(input, conditions), "show_expired": True}


def _id_if_matching(input: DeleteMemoriesInput, memory: MemoryRecord) -> str | None:
    """The id of a listed memory if the input matches it: a filter that Mem0 ignored must not widen a delete."""
    wanted = {"user_id": input.user_id, **input.narrower_ids}
    if any(memory.get(name) != value for name, value in wanted.items()):
        return None
    metadata = memory["metadata"] or {}
    return memory["id"] if all(_equal(metadata.get(k), v) for k, v in (input.metadata or {}).items()) else None


def _equal(found: object, wanted: object) -> bool:
    # In Python true equals 1, which it does not in JSON.
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)
