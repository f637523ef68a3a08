"""The types of parameters that several actions share. Each refuses before a request is sent."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

__all__ = ["ListLimit", "MemoryId", "Page", "Query", "SearchLimit", "UserId"]

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def _user_id(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be blank")
    if value == "*":
        raise ValueError("must be one user's id; `*` would reach everyone's memories")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


def _memory_id(value: str) -> str:
    # The id becomes a part of the path: anything but a plain identifier could lead elsewhere.
    if not _SAFE_ID.fullmatch(value):
        raise ValueError("must be a memory's id: letters, digits, - and _ only, as get_memories returns it")
    return value


def _query(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a whole number, not true or false")  # noqa: TRY004 - for pydantic
    return value


UserId = Annotated[str, AfterValidator(_user_id)]
MemoryId = Annotated[str, AfterValidator(_memory_id)]
Query = Annotated[str, AfterValidator(_query)]
SearchLimit = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_no_bool)]
ListLimit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_no_bool)]
Page = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(_no_bool)]
