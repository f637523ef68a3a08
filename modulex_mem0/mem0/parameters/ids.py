"""Ids: of the user, who is the privacy boundary; of narrower scopes; of single memories and events."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from modulex_mem0.contract import ADVANCED

__all__ = ["AgentId", "AppId", "EventId", "MemoryId", "OwnedMemoryId", "OwnerId", "RunId", "ScopeId", "UserId"]

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def _scope_id(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be blank")
    if value == "*":
        raise ValueError("must be a single id; `*` would reach everyone's memories")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


def _safe_id(value: str) -> str:
    # The id becomes a part of the path: anything but a plain identifier could lead elsewhere.
    if not _SAFE_ID.fullmatch(value):
        raise ValueError("must be an id as Mem0 returns it: letters, digits, - and _ only")
    return value


ScopeId = Annotated[str, AfterValidator(_scope_id)]
UserId = ScopeId
MemoryId = Annotated[str, AfterValidator(_safe_id)]
EventId = MemoryId

OwnerId = Annotated[UserId, Field(title="User ID", description="User that the memory must belong to.")]
OwnedMemoryId = Annotated[
    MemoryId, Field(title="Memory ID", description="The memory's ID, as get_memories returns it.")
]

AgentId = Annotated[
    ScopeId | None,
    Field(
        title="Agent ID",
        description=(
            "Only what also belongs to this agent."
            " Mem0 gives most inferred memories to the user or to the agent, seldom to both."
        ),
        json_schema_extra=ADVANCED,
    ),
]
AppId = Annotated[
    ScopeId | None,
    Field(title="App ID", description="Only what also belongs to this app.", json_schema_extra=ADVANCED),
]
RunId = Annotated[
    ScopeId | None,
    Field(title="Run ID", description="Only what also belongs to this run or session.", json_schema_extra=ADVANCED),
]
