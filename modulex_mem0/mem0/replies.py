"""Mem0's replies: the failures that a 200 reports, pages of records, and single values.

A field may be absent, null or of another type, and reading it never raises. A reply that is no object, or a list that
is no list of objects, does: an empty answer must not stand for a broken one.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from modulex_mem0.contract import ActionError, ErrorCode, Reply

__all__ = [
    "Page",
    "Record",
    "bad_response",
    "event_failed",
    "mapping",
    "most_records",
    "number",
    "read_json",
    "read_object",
    "read_page",
    "refuse_flood",
    "refuse_foreign_404",
    "text",
    "text_list",
    "utc",
    "whole_number",
]

RecordT = TypeVar("RecordT")


# Whole replies


def refuse_foreign_404(reply: Reply) -> None:
    """Refuse a reply that only looks as if Mem0 did not know the requested id: the address is wrong.

    Raises:
        ActionError: `bad_response` for a 404 or a 410 that is not Mem0's.
    """
    if reply.status in (404, 410) and not _names_what_is_missing(reply):
        raise ActionError(
            ErrorCode.BAD_RESPONSE,
            "nothing of Mem0's is served at this address; check the base URL",
            http_status=reply.status,
        )


def _names_what_is_missing(reply: Reply) -> bool:
    """Whether a 404 is about a memory or the like: of an unknown address, web frameworks say `Not Found`.

    Mem0's own framework says `Not found.`, with a full stop, of an object that does not exist.
    """
    try:
        body = mapping(reply.json()) or {}
    except ActionError:
        return False
    reason = next((said for key in ("error", "detail", "message") if (said := text(body.get(key)))), "")
    return reason.strip().casefold() not in ("", "not found")


def read_object(reply: Reply, *, known: tuple[str, ...] = ("event_id",)) -> dict[str, Any]:
    """The JSON object of a successful reply. Mem0 also reports a failure as `status: FAILED` under a 200.

    Args:
        reply: Of any status and content.
        known: The fields of the reply that the output of such a failure keeps.

    Raises:
        ActionError: `event_failed` for `status: FAILED`; as `Reply.object` for the rest.
    """
    body = reply.object(failure_key=None)
    if body.get("status") == "FAILED":
        kept = {name: value for name in known if (value := text(body.get(name)))}
        raise event_failed(body.get("error") or body.get("message"), kept)
    return reply.object() if body.get("error") else body


def read_json(reply: Reply) -> dict[str, Any] | list[Any]:
    """The JSON of a successful reply that is a list or an object.

    Raises:
        ActionError: As `read_object`.
    """
    reply.require_success()
    body = reply.json()
    return body if isinstance(body, list) else read_object(reply)


def event_failed(reason: object, known: Mapping[str, Any]) -> ActionError:
    """The error for accepted work that failed, with the fields of the output that are known all the same."""
    reason = reason or "Mem0 gives no reason"
    line = " ".join((reason if isinstance(reason, str) else json.dumps(reason, ensure_ascii=False)).split())
    # A reason may be as long as a page.
    line = line if len(line) <= 300 else f"{line[:299]}…"
    return ActionError(ErrorCode.EVENT_FAILED, line, partial_output=known)


def bad_response(message: str) -> ActionError:
    """The error for a reply that is not an answer to the request."""
    return ActionError(ErrorCode.BAD_RESPONSE, message)


@dataclass(frozen=True, slots=True)
class Page(Generic[RecordT]):
    """A page of a list: its records, how many the whole list has, and the addresses of its neighbours."""

    records: list[RecordT]
    count: int | None
    next: str | None
    previous: str | None


def most_records(limit: int) -> int:
    """The most records that a reply may hold after a request for at most `limit`.

    Twice as many: a service may round a page up or add what belongs to a record. One that sends more did not answer
    this request, and reading its reply would cost time and memory that nobody asked for.
    """
    return 2 * limit


def refuse_flood(found: int, limit: int) -> None:
    """Refuse a reply with many more records than were requested.

    Raises:
        ActionError: `bad_response`.
    """
    if found > most_records(limit):
        raise bad_response(f"Mem0 answered with {found} records where at most {limit} were requested; none was read")


def read_page(
    body: Mapping[str, Any],
    read: Callable[[Mapping[str, Any]], RecordT],
    *,
    limit: int,
    keep: Callable[[Mapping[str, Any]], bool] | None = None,
) -> Page[RecordT]:
    """A page whose records are read one by one.

    Args:
        body: The reply.
        read: Reads one record.
        limit: How many records were requested at most.
        keep: Whether a record, as it arrived, is passed on; all are where it is left out.

    Raises:
        ActionError: `bad_response` when there is no list of objects under `results`, or a list that is too long.
    """
    # As `Reply.objects`, which would decode the body once more.
    items = body.get("results")
    if isinstance(items, list):
        refuse_flood(len(items), limit)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise bad_response("Mem0's reply holds no list of objects under 'results'")
    return Page(
        [read(item) for item in items if keep is None or keep(item)],
        whole_number(body.get("count")),
        text(body.get("next")),
        text(body.get("previous")),
    )


class Record(BaseModel):
    """Base of the closed models that outputs hold."""

    model_config = ConfigDict(extra="forbid")


# Single values


def text(value: object) -> str | None:
    """Text as it is, a number as text, anything else as None."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def utc(value: object) -> str | None:
    """A time in UTC. What is no time stays as it arrived; a time without a zone is in UTC already."""
    moment = text(value)
    # A day alone is not a time.
    if moment is None or moment[10:11] not in ("T", " "):
        return moment
    try:
        parsed = datetime.fromisoformat(moment)
        parsed = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return moment
    return parsed.isoformat().replace("+00:00", "Z")


def text_list(value: object) -> list[str]:
    """The texts of a list; null and anything that is no list count as empty."""
    if not isinstance(value, list):
        return []
    return [item for item in map(text, value) if item is not None]


def number(value: object) -> float | None:
    """A finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole_number(value: object) -> int | None:
    """An integer, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def mapping(value: object) -> dict[str, Any] | None:
    """An object, else None."""
    return value if isinstance(value, dict) else None
