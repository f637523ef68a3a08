"""Batches: long lists of changes, sent in chunks, with a report on each, so that a partial failure can be seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from modulex_mem0.contract import ActionError, Context
from modulex_mem0.mem0.replies import Record, read_object, text

__all__ = ["MAX_ITEMS", "BatchOutcome", "ChunkReport", "extra_timeout", "send_batch"]

#: The most items that one call takes.
MAX_ITEMS = 10_000
# Mem0 refuses more in one request.
_CHUNK_SIZE = 1000
# What the check of one item's owner may take beyond the usual deadline, in seconds; several run at once.
_TIME_PER_ITEM = 0.05


class ChunkReport(Record):
    """What became of one chunk of a batch."""

    first: int = Field(description="The position of the chunk's first item, from 0.")
    size: int = Field(description="How many items the chunk holds.")
    success: bool = Field(description="Whether Mem0 accepted the chunk.")
    message: str | None = Field(default=None, description="Mem0's answer.")
    error: str | None = Field(default=None, description="Why it failed.")


@dataclass(slots=True)
class BatchOutcome:
    """What became of a batch: a report on each chunk, and the first failure."""

    chunks: list[ChunkReport] = field(default_factory=list)
    failure: ActionError | None = None

    @property
    def accepted(self) -> int:
        """How many items Mem0 accepted."""
        return sum(chunk.size for chunk in self.chunks if chunk.success)

    def raise_if_failed(self, counter: str) -> None:
        """End the action if a chunk failed, with the reports and with the number of accepted items as `counter`.

        Raises:
            ActionError: The first failure.
        """
        if self.failure is not None:
            self.failure.partial_output = {
                counter: self.accepted,
                "chunks": [chunk.model_dump() for chunk in self.chunks],
            }
            raise self.failure


def extra_timeout(items: Sequence[object]) -> float:
    """Seconds that a batch may take beyond the usual deadline."""
    return len(items) * _TIME_PER_ITEM


async def send_batch(context: Context, method: str, items: Sequence[Mapping[str, Any]]) -> BatchOutcome:
    """Send all chunks, even after one has failed: they do not depend on each other.

    Args:
        context: The call's.
        method: PUT to update, DELETE to delete.
        items: Objects with a `memory_id`.
    """
    outcome = BatchOutcome()
    for first in range(0, len(items), _CHUNK_SIZE):
        chunk = items[first : first + _CHUNK_SIZE]
        report = ChunkReport(first=first, size=len(chunk), success=True)
        try:
            reply = await context.http.send(method, "/v1/batch/", json={"memories": [dict(item) for item in chunk]})
            report.message = text(read_object(reply).get("message"))
        except ActionError as error:
            outcome.failure = outcome.failure or error
            report.success, report.error = False, f"{error.code}: {error.message}"
        outcome.chunks.append(report)
        context.report("sending chunks", done=first + len(chunk), total=len(items))
    return outcome
