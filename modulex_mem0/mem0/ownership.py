"""The user id is the privacy boundary: what belongs to someone else is not passed on, even where Mem0 sends it."""

from collections.abc import Iterable, Mapping
from typing import Any

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.mem0.values import text

__all__ = ["only_of", "require_owner"]


def only_of(user_id: str, items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The memories of a list that do not name another user."""
    return [item for item in items if text(item.get("user_id")) in (None, user_id)]


def require_owner(user_id: str, item: Mapping[str, Any]) -> None:
    """Refuse a single memory that is not the user's: Mem0 answers by id for any user of the project.

    Raises:
        ActionError: `not_found`, so that nothing tells whether the id exists for someone else.
    """
    if text(item.get("user_id")) != user_id:
        raise ActionError(ErrorCode.NOT_FOUND, "this user has no memory with this id")
