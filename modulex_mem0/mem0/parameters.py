"""The types of the actions' parameters: what each accepts, and what it refuses before a request is sent.

Forms send numbers, lists and objects as text, and that is accepted.
"""

import json
import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue

from modulex_mem0.contract import ADVANCED, ActionInput, advanced

__all__ = [
    "DateText",
    "DayText",
    "EntityType",
    "JsonObject",
    "Mem0Id",
    "MemoryId",
    "NonBlank",
    "NotBool",
    "OwnerId",
    "PageNumber",
    "PageSize",
    "ScopeId",
    "TextList",
    "UserScope",
    "WaitTimeout",
    "created_between",
    "is_day",
    "parse_json_text",
    "parse_list",
    "validate_order",
]


# Text, objects and lists


def _validate_not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must be non-empty text")
    return value


def parse_json_text(value: object) -> object:
    """Decode text that holds a JSON object or list; return everything else as it is.

    Raises:
        ValueError: The text begins like JSON but is not valid JSON.
    """
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("begins like JSON but is not valid JSON") from None


def parse_list(value: object) -> object:
    """Split text at its commas, unless it is JSON: forms send short lists that way, too."""
    if isinstance(value, str) and value.lstrip()[:1] not in ("[", "{"):
        return [part.strip() for part in value.split(",")]
    return parse_json_text(value)


#: Text that holds more than white space; kept as it is.
NonBlank = Annotated[str, AfterValidator(_validate_not_blank)]
JsonObject = Annotated[dict[str, JsonValue], BeforeValidator(parse_json_text)]
TextList = Annotated[list[NonBlank], BeforeValidator(parse_list)]


# Numbers


def _validate_not_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")  # noqa: TRY004 - pydantic takes ValueError
    return value


#: Belongs after the bounds of a number, which are not shown in its schema otherwise.
NotBool = BeforeValidator(_validate_not_bool)
PageNumber = Annotated[int, Field(ge=1, le=1_000_000), NotBool]
#: Mem0 returns no more than 200 records on a page.
PageSize = Annotated[int, Field(ge=1, le=200), NotBool]
WaitTimeout = Annotated[
    float,
    Field(
        description="Seconds to wait at most; the work goes on when they are over.",
        gt=0,
        le=3600,
        allow_inf_nan=False,
        json_schema_extra=ADVANCED,
    ),
    NotBool,
]


# Ids


def _validate_scope_id(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be blank")
    if value == "*":
        raise ValueError("must be a single id; `*` would reach everyone's memories")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


def _validate_mem0_id(value: str) -> str:
    # The id becomes a part of the path: anything but a plain identifier could lead elsewhere.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", value):
        raise ValueError("must be an id as Mem0 returns it: letters, digits, - and _ only")
    return value


#: Names a user, an agent, an app or a run; the caller chose it.
ScopeId = Annotated[str, AfterValidator(_validate_scope_id)]
#: Names a memory or an event; Mem0 chose it.
Mem0Id = Annotated[str, AfterValidator(_validate_mem0_id)]
OwnerId = Annotated[ScopeId, Field(description="User that the memory must belong to.")]
MemoryId = Annotated[Mem0Id, Field(description="The memory's ID, as get_memories returns it.")]
EntityType = Literal["user", "agent", "app", "run"]


class UserScope(ActionInput):
    """Base of inputs that concern a user's memories: the user, who is the privacy boundary, and what narrows them."""

    user_id: OwnerId
    agent_id: ScopeId | None = advanced(
        "Only what also belongs to this agent."
        " Mem0 gives most inferred memories to the user or to the agent, seldom to both."
    )
    app_id: ScopeId | None = advanced("Only what also belongs to this app.")
    run_id: ScopeId | None = advanced("Only what also belongs to this run or session.")

    @property
    def narrower_ids(self) -> dict[str, str]:
        """The given ids other than the user's."""
        ids = {"agent_id": self.agent_id, "app_id": self.app_id, "run_id": self.run_id}
        return {name: value for name, value in ids.items() if value is not None}


# Dates


def is_day(value: str) -> bool:
    """Whether a validated date is a whole day rather than a moment."""
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None


def validate_order(start: str | None, end: str | None, names: tuple[str, str]) -> None:
    """Check that a period does not start after its end.

    Raises:
        ValueError: Names the two parameters.
    """
    if start and end and _moment(start, end=False) > _moment(end, end=True):
        raise ValueError(f"{names[0]}: is after {names[1]}; swap the two")


def created_between(start: str | None, end: str | None) -> dict[str, Any]:
    """The filter on `created_at`, both ends inclusive; an end that is a day covers the whole day, in UTC."""
    condition = {}
    if start is not None:
        condition["gte"] = f"{start}T00:00:00Z" if is_day(start) else start
    if end is not None:
        condition["lte"] = f"{end}T23:59:59.999999Z" if is_day(end) else end
    return {"created_at": condition} if condition else {}


def _moment(value: str, *, end: bool) -> datetime:
    if is_day(value):
        return datetime.combine(date.fromisoformat(value), time.max if end else time.min, tzinfo=UTC)
    return datetime.fromisoformat(value)


def _validate_day(value: str) -> str:
    value = value.strip()
    try:
        if is_day(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise ValueError("must be a date such as 2024-12-31")


def _validate_date(value: str) -> str:
    value = value.strip()
    if is_day(value):
        return _validate_day(value)
    try:
        moment = datetime.fromisoformat(value) if is_day(value[:10]) else None
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError("must be a date such as 2024-01-15, or a moment such as 2024-01-15T09:30:00Z")
    try:
        # A moment without a time zone is taken as UTC, as Mem0 takes days.
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("must be a moment within the years 1 to 9999") from None
    return moment.isoformat().replace("+00:00", "Z")


#: A day, or a moment in ISO 8601, which becomes UTC.
DateText = Annotated[str, AfterValidator(_validate_date)]
DayText = Annotated[str, AfterValidator(_validate_day)]
