"""The types of the actions' parameters: what each accepts, and what it refuses before a request is sent.

Forms send numbers, lists and objects as text, and some programs encode them twice. Both is accepted. Ids are in `ids`.
"""

import json
import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue

from modulex_mem0.contract import ADVANCED

__all__ = [
    "DateText",
    "DayText",
    "JsonObject",
    "NonBlank",
    "NotBool",
    "PageNumber",
    "PageSize",
    "TextList",
    "WaitTimeout",
    "created_between",
    "is_day",
    "parse_json_text",
    "parse_list",
    "parse_objects",
    "validate_order",
]


# Text, objects and lists


def _validate_not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must be non-empty text")
    return value


# Text that is encoded more often than this is no accident of two programs that both encode.
_MAX_DECODES = 5
# A list or an object inside quotation marks, which are escaped from the second time on.
_ENCODED = re.compile(r'"(?:\\*"|\s|\\[nrt])*(?:\[|\{)(?:\s|\\[nrt])*(?:\\*"|\{|\[|\]|\})')


def parse_json_text(value: object) -> object:
    """Decode text that holds a JSON object or list, also where it was encoded more than once.

    Everything else, such as text in quotation marks, is returned as it is.

    Raises:
        ValueError: The text begins like JSON but is not valid JSON, or is encoded without end.
    """
    text = value
    for _ in range(_MAX_DECODES):
        if not isinstance(text, str):
            return text
        # A file's text may begin with a byte order mark.
        text = text.lstrip("\N{BYTE ORDER MARK} \t\r\n")
        start = text[:1]
        # Quotation marks around anything else belong to the text.
        if start not in ("[", "{") and not _ENCODED.match(text):
            return value
        text = _decode(text, start)
    if not isinstance(text, str):
        return text
    raise ValueError(f"is encoded as JSON more than {_MAX_DECODES} times over; pass the value itself")


def _decode(text: str, start: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # Text that was meant as JSON must not be stored as something that a user said.
        raise ValueError(f"begins with {start} like JSON but is not valid JSON; correct it") from None


def parse_list(value: object) -> object:
    """Split text at its commas, unless it is JSON: forms send short lists that way, too."""
    parsed = parse_json_text(value)
    return [part.strip() for part in parsed.split(",")] if isinstance(parsed, str) else parsed


def parse_objects(value: object) -> object:
    """Decode a list of objects, where the list or some of the objects may be JSON text."""
    parsed = parse_json_text(value)
    return [parse_json_text(item) for item in parsed] if isinstance(parsed, list) else parsed


def _validate_not_empty(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    # What is blank never gets here, but what is encoded twice may. As a change it would clear what is there.
    if not value:
        raise ValueError("must not be empty; leave the parameter out instead")
    return value


#: Text that holds more than white space; kept as it is.
NonBlank = Annotated[str, AfterValidator(_validate_not_blank)]
JsonObject = Annotated[dict[str, JsonValue], BeforeValidator(parse_json_text), AfterValidator(_validate_not_empty)]
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
        description="Longest time to wait, in seconds. When it is over, Mem0 goes on with the work.",
        gt=0,
        le=3600,
        allow_inf_nan=False,
        json_schema_extra=ADVANCED,
    ),
    NotBool,
]


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
    value = value.upper()
    try:
        # Python would take any character before the time, and so a day's offset for a time.
        moment = datetime.fromisoformat(value) if is_day(value[:10]) and value[10:11] in ("T", " ") else None
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
