"""All pages of a list of memories; a part is never passed off as the whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modulex_mem0.contract import ActionError, Context, ErrorCode
from modulex_mem0.mem0.memories import LARGEST_PAGE, MemoryRecord, memory_page
from modulex_mem0.mem0.ownership import Owner

__all__ = ["CollectedPages", "collect_pages", "is_past_last_page"]

# A server whose `next` leads in circles repeats itself; a filtered page may be empty in between.
_MAX_IDLE_PAGES = 3


@dataclass(slots=True)
class CollectedPages:
    """The memories of the pages that were read.

    Attributes:
        items: The memories, each once.
        count: How many there are, as Mem0 counts.
        next: Where to go on; None only when everything was collected.
        failure: The error that ended the reading early, if one did.
    """

    items: list[MemoryRecord] = field(default_factory=list)
    count: int | None = None
    next: str | None = None
    failure: ActionError | None = None


async def collect_pages(
    context: Context, body: Mapping[str, Any], owner: Owner, *, first_page: int = 1, max_items: int | None = None
) -> CollectedPages:
    """Request page after page until the service says that there is no next one.

    The end is where `next` is null, not a short page, since the service may clamp the page size; a page past the last
    is an end, too. `max_items`, the deadline, an error after the first page and pages that only repeat earlier ones end
    the reading early, with `next` set.

    Args:
        context: The call's.
        body: The list request without its page.
        owner: Whose memories are collected; what is another's is left out.
        first_page: Where to begin.
        max_items: How many to collect at most; None for all.

    Raises:
        ActionError: As `HttpClient.send` and `memory_page`, for the first page.
    """
    collected = CollectedPages()
    seen: set[str] = set()
    last: list[MemoryRecord] = []
    number, idle = first_page, 0
    while True:
        here = f"/v3/memories/?page={number}&page_size={LARGEST_PAGE}"
        try:
            reply = await context.http.send(
                "POST", "/v3/memories/", json={**body, "page": number, "page_size": LARGEST_PAGE}
            )
            page = memory_page(reply, owner, LARGEST_PAGE)
        except ActionError as error:
            if number > 1 and is_past_last_page(error):
                # The list shrank while it was read, or `next` promised too much.
                collected.next = None
                return collected
            if number == first_page:
                raise
            collected.next, collected.failure = here, error
            return collected
        fresh = _fresh(page.records, seen)
        collected.items += fresh
        collected.count = page.count
        collected.next = page.next
        context.report("reading memories", done=len(collected.items), total=collected.count)
        if max_items is not None and len(collected.items) >= max_items:
            # What lies beyond on this page is left out too, so there is more even after the last page.
            if len(collected.items) > max_items:
                collected.next = here
            del collected.items[max_items:]
            return collected
        idle = idle + 1 if not fresh or page.records == last else 0
        last = page.records
        if collected.next is None or idle >= _MAX_IDLE_PAGES:
            return collected
        number += 1


def is_past_last_page(error: ActionError) -> bool:
    """Whether Mem0 refused a page because the list ends before it: a 404 that does not mean a wrong address."""
    return error.code is ErrorCode.NOT_FOUND and "invalid page" in error.message.lower()


def _fresh(memories: list[MemoryRecord], seen: set[str]) -> list[MemoryRecord]:
    """The memories whose id was not seen before, and those without an id."""
    fresh = []
    for memory in memories:
        key = memory["id"]
        if key is None or key not in seen:
            fresh.append(memory)
        if key is not None:
            seen.add(key)
    return fresh
