"""The user id is the privacy boundary: another user's memory is not passed on, even where Mem0 sends it.

Mem0 stores what an assistant says to a user under the agent alone, where no read of that user would find it. So an add
for a user and an agent writes the user's id into the metadata of all that it stores. A memory of an agent with this tag
belongs to the user whom the tag names.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from modulex_mem0.contract import ActionError, Context, ErrorCode
from modulex_mem0.mem0.ids import same_id
from modulex_mem0.mem0.replies import bad_response, mapping, read_object, refuse_foreign_404, text

__all__ = [
    "USER_TAG",
    "Owner",
    "get_owned_memory",
    "hide_existence",
    "is_tagged",
    "not_owned",
    "tagged_metadata",
    "validate_metadata_tag",
    "validate_ownership",
]

#: The key in a memory's metadata that names the user whom it was added for.
USER_TAG = "for_user_id"
# Enough to hide the network's delay, few enough not to provoke a rate limit.
_CONCURRENT_CHECKS = 8
_MAX_NAMED = 5

ItemT = TypeVar("ItemT", bound=Mapping[str, Any])


@dataclass(frozen=True, slots=True)
class Owner:
    """A user, and what of a reply belongs to them.

    Attributes:
        user_id: The user.
        agent_id: The agent that the request named beside the user, if it did.
    """

    user_id: str
    agent_id: str | None = None

    def owns(self, item: Mapping[str, Any]) -> bool:
        """Whether a memory or another object, as it arrived, names this user as its owner."""
        named = item.get("user_id")
        if named is None:
            named = (mapping(item.get("metadata")) or {}).get(USER_TAG)
        return _same_user(named, self.user_id)

    def may_see(self, item: Mapping[str, Any]) -> bool:
        """Whether a listed memory may be passed on: it is the user's, or nobody's and the request was for a user alone.

        A list or an object in place of a user's id is somebody else.
        """
        return self.owns(item) or (self.agent_id is None and not self.is_anothers(item))

    def filter(self, items: Iterable[ItemT]) -> list[ItemT]:
        """The memories that may be passed on."""
        user_id = self.user_id
        return [item for item in items if item.get("user_id") == user_id or self.may_see(item)]

    def is_anothers(self, item: Mapping[str, Any]) -> bool:
        """Whether an object names another user as its owner."""
        tag = (mapping(item.get("metadata")) or {}).get(USER_TAG)
        named = (item.get("user_id"), tag)
        return not all(name is None or _same_user(name, self.user_id) for name in named)

    def mentions_another(self, value: object) -> bool:
        """Whether an object in a JSON value, however deep, names another user as its owner."""
        pending = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, dict):
                if self.is_anothers(item):
                    return True
                # The keys of metadata are the user's own.
                pending += (inner for key, inner in item.items() if key != "metadata")
            elif isinstance(item, list):
                pending += item
        return False


def _same_user(named: object, user_id: str) -> bool:
    return text(named) == user_id


# The tag


def validate_metadata_tag(metadata: Mapping[str, Any] | None, user_id: str) -> None:
    """Check that metadata, which its caller chose, does not give the memory to another user.

    Raises:
        ValueError: Names the key.
    """
    if metadata is not None and USER_TAG in metadata and not _same_user(metadata[USER_TAG], user_id):
        raise ValueError(
            f"metadata.{USER_TAG}: names the user whom a memory belongs to, which user_id does; leave it out"
        )


def tagged_metadata(metadata: Mapping[str, Any] | None, user_id: str) -> dict[str, Any]:
    """Metadata with the tag of a user."""
    return {**(metadata or {}), USER_TAG: user_id}


def is_tagged(item: Mapping[str, Any]) -> bool:
    """Whether a memory carries the tag of a user."""
    return USER_TAG in (mapping(item.get("metadata")) or {})


# Memories by id


def not_owned(what: str, id: str) -> ActionError:
    """The error for an id of another user's, and for one that does not exist: nothing shows which of the two it is."""
    return ActionError(ErrorCode.NOT_FOUND, f"this user has no {what} with the id {id}")


@contextmanager
def hide_existence(what: str, id: str) -> Iterator[None]:
    """Give Mem0's own word for an unknown id the error of one that is another user's.

    Raises:
        ActionError: As `not_owned`, in place of any other `not_found`.
    """
    try:
        yield
    except ActionError as error:
        if error.code is not ErrorCode.NOT_FOUND:
            raise
        raise not_owned(what, id) from None


async def get_owned_memory(context: Context, user_id: str, memory_id: str) -> Mapping[str, Any]:
    """Get a memory that must be the user's: by id, Mem0 returns those of any user of the project.

    Raises:
        ActionError: `not_found` for another user's as for none; `bad_response` for a reply about another memory; as
            `HttpClient.send`, `refuse_foreign_404` and `read_object` for the rest.
    """
    reply = await context.http.send("GET", f"/v1/memories/{memory_id}/")
    refuse_foreign_404(reply)
    with hide_existence("memory", memory_id):
        item = read_object(reply)
    if not same_id(item.get("id"), memory_id):
        raise bad_response("the service answered about another memory than the requested one; nothing was changed")
    if not Owner(user_id).owns(item):
        raise not_owned("memory", memory_id)
    return item


async def validate_ownership(context: Context, user_id: str, memory_ids: Sequence[str], *, field: str) -> set[str]:
    """Check that the memories of a batch are all the user's, before any of them is changed.

    Args:
        context: The call's.
        user_id: The user.
        memory_ids: The memories' ids, each once.
        field: The parameter that names an id, with `{index}` for its place.

    Returns:
        The ids of those that carry the user's tag, which a change of their metadata must keep.

    Raises:
        ActionError: `not_found`, naming the ids that are not the user's; as `get_owned_memory` for the rest.
    """
    queue = iter(enumerate(memory_ids))
    tagged: set[str] = set()
    foreign: list[str] = []
    checked = 0

    async def check() -> None:
        nonlocal checked
        for index, memory_id in queue:
            try:
                if is_tagged(await get_owned_memory(context, user_id, memory_id)):
                    tagged.add(memory_id)
            except ActionError as error:
                if error.code is ErrorCode.INVALID_INPUT:
                    # Mem0 speaks of its own parameter, which is a part of the caller's.
                    reason = re.sub(r"\Amemory_id:?\s+", "", error.message)
                    error.message = f"{field.format(index=index)}: {reason}"
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
        name = field.partition("[")[0]
        raise ActionError(
            ErrorCode.NOT_FOUND,
            f"{name}: this user has no memories with the ids {', '.join(foreign[:_MAX_NAMED])}{more};"
            " nothing was changed",
        )
    return tagged
