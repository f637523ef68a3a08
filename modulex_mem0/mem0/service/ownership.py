"""The user id is the privacy boundary: what belongs to someone else is not passed on, even where Mem0 sends it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from modulex_mem0.contract import ActionError, Context, ErrorCode
from modulex_mem0.mem0.replies.values import text
from modulex_mem0.mem0.service.client import request_object

__all__ = ["only_of", "owned_memory", "require_all_owned"]

# Enough to hide the network's delay, few enough not to provoke a rate limit.
_CHECKS_AT_ONCE = 8
_MOST_NAMED = 5

ItemT = TypeVar("ItemT", bound=Mapping[str, Any])


def only_of(user_id: str, items: Iterable[ItemT]) -> list[ItemT]:
    """The memories of a list that do not name another user."""
    return [item for item in items if (owner := item.get("user_id")) == user_id or text(owner) in (None, user_id)]


async def owned_memory(context: Context, user_id: str, memory_id: str) -> Mapping[str, Any]:
    """Read a memory that must be the user's: by id, Mem0 answers for any user of the project.

    Raises:
        ActionError: `not_found` for someone else's, so that nothing tells whether the id exists.
    """
    item = await request_object(context, "GET", f"/v1/memories/{memory_id}/")
    if text(item.get("user_id")) != user_id:
        raise ActionError(ErrorCode.NOT_FOUND, f"this user has no memory with the id {memory_id}")
    return item


async def require_all_owned(context: Context, user_id: str, memory_ids: Sequence[str]) -> None:
    """Check every id of a batch before any of it is changed.

    Raises:
        ActionError: `not_found`, naming the ids that are not the user's; else what a check raised.
    """
    queue = iter(memory_ids)
    foreign: list[str] = []
    checked = 0

    async def check() -> None:
        nonlocal checked
        for memory_id in queue:
            try:
                await owned_memory(context, user_id, memory_id)
            except ActionError as error:
                if error.code is not ErrorCode.NOT_FOUND:
                    raise
                foreign.append(memory_id)
            checked += 1
            context.report("checking whose memories these are", done=checked, total=len(memory_ids))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_CHECKS_AT_ONCE, len(memory_ids))):
                group.create_task(check())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    if foreign:
        more = f" and {len(foreign) - _MOST_NAMED} more" if len(foreign) > _MOST_NAMED else ""
        raise ActionError(
            ErrorCode.NOT_FOUND,
            f"this user has no memories with the ids {', '.join(foreign[:_MOST_NAMED])}{more}; nothing was changed",
        )
