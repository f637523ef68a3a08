"""The user id is the privacy boundary: another user's memory is not passed on, even where Mem0 sends it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from modulex_mem0.contract import ActionError, Context, ErrorCode
from modulex_mem0.mem0.replies import read_object, text

__all__ = ["filter_to_user", "get_owned_memory", "validate_ownership"]

# Enough to hide the network's delay, few enough not to provoke a rate limit.
_CONCURRENT_CHECKS = 8
_MAX_NAMED = 5

ItemT = TypeVar("ItemT", bound=Mapping[str, Any])


def filter_to_user(user_id: str, items: Iterable[ItemT]) -> list[ItemT]:
    """The memories of a list without those that name another user."""
    return [item for item in items if (owner := item.get("user_id")) == user_id or text(owner) in (None, user_id)]


async def get_owned_memory(context: Context, user_id: str, memory_id: str) -> Mapping[str, Any]:
    """Get a memory that must be the user's: by id, Mem0 returns those of any user of the project.

    Raises:
        ActionError: `not_found` for another user's, so that nothing shows whether the id exists; as `HttpClient.send`
            and `read_object` for the rest.
    """
    item = read_object(await context.http.send("GET", f"/v1/memories/{memory_id}/"))
    if text(item.get("user_id")) != user_id:
        raise ActionError(ErrorCode.NOT_FOUND, f"this user has no memory with the id {memory_id}")
    return item


async def validate_ownership(context: Context, user_id: str, memory_ids: Sequence[str]) -> None:
    """Check that all memories of a batch are the user's, before any of them is changed.

    Raises:
        ActionError: `not_found`, naming the ids that are not the user's; as `get_owned_memory` for the rest.
    """
    queue = iter(memory_ids)
    foreign: list[str] = []
    checked = 0

    async def check() -> None:
        nonlocal checked
        for memory_id in queue:
            try:
                await get_owned_memory(context, user_id, memory_id)
            except ActionError as error:
                if error.code is not ErrorCode.NOT_FOUND:
                    raise
                foreign.append(memory_id)
            checked += 1
            context.report("checking whose memories these are", done=checked, total=len(memory_ids))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_CONCURRENT_CHECKS, len(memory_ids))):
                group.create_task(check())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    if foreign:
        more = f" and {len(foreign) - _MAX_NAMED} more" if len(foreign) > _MAX_NAMED else ""
        raise ActionError(
            ErrorCode.NOT_FOUND,
            f"this user has no memories with the ids {', '.join(foreign[:_MAX_NAMED])}{more}; nothing was changed",
        )
