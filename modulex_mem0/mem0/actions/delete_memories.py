"""`DELETE /v1/memories/`: delete a user's memories, all or only those of an agent, an app, a run or some metadata."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from modulex_mem0.contract import ActionOutput, Context, Example, action, advanced, is_blank
from modulex_mem0.mem0.batches import ChunkReport, send_batch
from modulex_mem0.mem0.filters import owned_filters
from modulex_mem0.mem0.ids import UserScope
from modulex_mem0.mem0.memories import MemoryRecord
from modulex_mem0.mem0.ownership import Owner
from modulex_mem0.mem0.pages import collect_pages
from modulex_mem0.mem0.parameters import JsonObject
from modulex_mem0.mem0.profile import EVENT_ID, USER
from modulex_mem0.mem0.replies import bad_response, read_object, text, whole_number

__all__ = ["delete_memories"]

# Listing and deleting one by one takes longer than a single request, in seconds.
_TIME_TO_LIST = 60.0
_SCOPES = ("agent_id", "app_id", "run_id", "metadata")


def _validate_plain_values(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if not all(isinstance(value, str | int | float | bool) for value in metadata.values()):
        raise ValueError("must be an object of plain values, which a memory's metadata must equal")
    return metadata


class DeleteMemoriesInput(UserScope):
    """Whose memories, and which: those of a scope, or everything."""

    confirm: bool = Field(default=False, description="Must be true to delete. Deleted memories cannot be restored.")
    everything: bool = Field(
        default=False,
        description=(
            "Must be true to delete all memories of the user, if no agent_id, app_id, run_id or metadata is given."
            " What Mem0 stored for an agent alone, such as its words to the user, is deleted only with that agent_id."
        ),
    )
    dry_run: bool = Field(default=False, description="True only counts what would be deleted.")
    metadata: Annotated[JsonObject, AfterValidator(_validate_plain_values)] | None = advanced(
        'Only memories whose metadata has these values (e.g., {"source": "chat"}).'
    )

    @model_validator(mode="before")
    @classmethod
    def _blank_is_no_scope(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a caller sent
        if not isinstance(data, dict):
            return data
        blank = [name for name in _SCOPES if data.get(name) is not None and is_blank(data[name])]
        named = [name for name in _SCOPES if data.get(name) is not None and name not in blank]
        if blank and named:
            # It may stand for a value that got lost; without it, more than was meant would be deleted.
            raise ValueError(f"{blank[0]}: is blank beside {named[0]}; name it, or leave it out to delete without it")
        return {name: value for name, value in data.items() if name not in blank}

    @model_validator(mode="after")
    def _validate_scope(self) -> Self:
        narrowed = _is_narrowed(self)
        if self.everything and narrowed:
            raise ValueError("everything: is for all memories of the user; leave it out, or the narrower scope")
        if self.dry_run:
            return self
        if not self.confirm:
            raise ValueError("confirm: must be true to delete these memories; dry_run counts them")
        if not self.everything and not narrowed:
            raise ValueError(
                "everything: must be true to delete all memories of the user;"
                " or name an agent_id, app_id, run_id or metadata"
            )
        return self


class DeleteMemoriesOutput(ActionOutput):
    """The deleted or counted memories."""

    dry_run: bool = Field(default=False, description="Whether nothing was deleted.")
    matched: int | None = Field(default=None, description="Number of matching memories, expired ones included.")
    deleted: int | None = Field(
        default=None, description="Number of deleted memories; null where Mem0 deletes them later."
    )
    message: str | None = Field(default=None, description="Mem0's answer.")
    event_id: str | None = Field(default=None, description="ID for get_event, where Mem0 deletes them later.")
    chunks: list[ChunkReport] = Field(
        default_factory=list, description="A report on each request of at most 1000 memories."
    )


@action(
    title="Delete memories",
    idempotent=True,
    destructive=True,
    extra_timeout=lambda params: _TIME_TO_LIST if _is_narrowed(params) else 0.0,
    example=Example(
        input={"user_id": USER, "confirm": True, "everything": True},
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
    """Delete all memories that are stored for a user, or those of one agent, app, run or metadata, for good.

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
            raise bad_response("Mem0 answered without a count of these memories")
        return DeleteMemoriesOutput(success=True, dry_run=True, matched=matched, deleted=0)
    if _is_narrowed(input):
        return await _delete_by_id(context, input)
    body = read_object(await context.http.send("DELETE", "/v1/memories/", params={"user_id": input.user_id}))
    return DeleteMemoriesOutput(success=True, message=text(body.get("message")), event_id=text(body.get("event_id")))


async def _delete_by_id(context: Context, input: DeleteMemoriesInput) -> DeleteMemoriesOutput:
    collected = await collect_pages(context, _list_request(input), _owner(input))
    if collected.failure is not None:
        raise collected.failure
    if collected.next is not None:
        raise bad_response("Mem0's list of these memories does not end; nothing was deleted")
    memory_ids = [memory_id for memory in collected.items if (memory_id := _id_if_matching(input, memory)) is not None]
    outcome = await send_batch(context, "DELETE", [{"memory_id": memory_id} for memory_id in memory_ids])
    outcome.raise_if_failed("deleted")
    return DeleteMemoriesOutput(success=True, matched=len(memory_ids), deleted=outcome.accepted, chunks=outcome.chunks)


def _owner(input: DeleteMemoriesInput) -> Owner:
    return Owner(input.user_id, input.agent_id)


def _is_narrowed(input: DeleteMemoriesInput) -> bool:
    return bool(input.narrower_ids or input.metadata)


def _list_request(input: DeleteMemoriesInput) -> dict[str, Any]:
    conditions = {"metadata": input.metadata} if input.metadata else None
    return {"filters": owned_filters(input, conditions), "show_expired": True}


def _id_if_matching(input: DeleteMemoriesInput, memory: MemoryRecord) -> str | None:
    """The id of a listed memory if the input matches it: a filter that Mem0 ignored must not widen a delete."""
    if not _owner(input).owns(memory) or any(memory.get(name) != id_ for name, id_ in input.narrower_ids.items()):
        return None
    metadata = memory["metadata"] or {}
    return memory["id"] if all(_equal(metadata.get(k), v) for k, v in (input.metadata or {}).items()) else None


def _equal(found: object, wanted: object) -> bool:
    # In Python true equals 1, which it does not in JSON.
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)
