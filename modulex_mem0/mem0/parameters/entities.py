"""Entities: whom or what memories belong to."""

import re
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import AfterValidator

from modulex_mem0.mem0.parameters.ids import ScopeId

__all__ = ["EntityId", "EntityType", "entity_path"]

EntityType = Literal["user", "agent", "app", "run"]


def _no_dots(value: str) -> str:
    # Servers and the proxies before them may decode separators before they resolve an address.
    if not {".", ".."}.isdisjoint(re.split(r"[/\\]", value)):
        raise ValueError("must not be or hold the segments . or .., which stand for places in an address")
    return value


EntityId = Annotated[ScopeId, AfterValidator(_no_dots)]


def entity_path(entity_type: EntityType, entity_id: str) -> str:
    """The path of an entity; its id, which may hold any characters, is one segment of it."""
    return f"/v2/entities/{entity_type}/{quote(entity_id, safe='')}/"
