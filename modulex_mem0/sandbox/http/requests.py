"""Reads what a request sends: its JSON body, and that body's fields one by one.

Nothing in a body may break a route: what JSON can spell and a database or a reply cannot hold is refused here. The
errors are worded as Django REST framework words them, which is what Mem0's service uses.
"""

import json
import math
import re
import uuid
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from modulex_mem0.sandbox.clock import Instant, parse_date, parse_instant
from modulex_mem0.sandbox.http.errors import ApiError, field_error

__all__ = [
    "EMPTY",
    "REQUIRED",
    "Body",
    "parse_memory_id",
    "read_body",
    "read_json",
    "refuse_nulls",
    "wrong_type",
]

EMPTY = object()
"""What `read_json` returns for an empty body."""

REQUIRED = "This field is required."

_LARGEST = 10 * 1024 * 1024  # bytes
_LONGEST_METADATA = 2000  # characters; reported in crewAIInc/crewAI#3391
_DEEPEST = 64  # levels of lists and objects inside each other
_WHOLE_NUMBER = re.compile(r"-?\d{1,19}", re.ASCII)
_NO_NULLS = "Null characters are not allowed."


class Body(dict[str, Any]):
    """A JSON object whose fields are checked as they are read.

    Each method takes the name of a field and returns its value. A field that is missing or null gives the default,
    which is `None` unless the method takes one. A value of another type raises an `ApiError` (400) that names the
    field.
    """

    def text(self, field: str, *, required: bool = False, blank: bool = True) -> str | None:
        """A string. Numbers are accepted, as in Django; `blank` says whether "" and white space are."""
        value = self.get(field)
        if value is None:
            if required:
                raise field_error(field, REQUIRED if field not in self else "This field may not be null.")
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise field_error(field, "Not a valid string.")
        if not blank and not str(value).strip():
            raise field_error(field, "This field may not be blank.")
        return str(value)

    def flag(self, field: str, *, default: bool) -> bool:
        """A boolean, or one of the words and numbers that Django accepts for one."""
        value = self.get(field)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower() if isinstance(value, str | int) else ""
        if word in {"true", "1", "yes", "on"}:
            return True
        if word in {"false", "0", "no", "off"}:
            return False
        raise field_error(field, "Must be a valid boolean.")

    def number(self, field: str, *, default: float, least: float, most: float) -> float:
        """A number from `least` to `most`."""
        value = self.get(field)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise field_error(field, "A valid number is required.")
        _check_range(field, value, least, most)
        return float(value)

    def integer(self, field: str, *, default: int, least: int, most: int) -> int:
        """An integer from `least` to `most`; 3.0 is one."""
        value = self.get(field)
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise field_error(field, "A valid integer is required.")
        _check_range(field, value, least, most)
        return value

    def mapping(self, field: str) -> dict[str, Any] | None:
        """An object."""
        value = self.get(field)
        if value is not None and not isinstance(value, dict):
            raise wrong_type(field, value, "dictionary")
        return value

    def metadata(self) -> dict[str, Any] | None:
        """The metadata of a memory: an object of up to 2,000 characters of JSON, which is the service's limit."""
        value = self.mapping("metadata")
        if value is not None and len(json.dumps(value, ensure_ascii=False)) > _LONGEST_METADATA:
            raise field_error("metadata", f"Ensure this field has no more than {_LONGEST_METADATA} characters.")
        return value

    def texts(self, field: str) -> list[str] | None:
        """A list of strings."""
        value = self.get(field)
        if value is None:
            return None
        if not isinstance(value, list):
            raise wrong_type(field, value, "list")
        if not all(isinstance(item, str) for item in value):
            raise field_error(field, "Not a valid string.")
        return value

    def categories(self, field: str) -> list[dict[str, Any]] | None:
        """Custom categories: a list of objects of category name to description, or one such object."""
        value = self.get(field)
        if isinstance(value, dict):
            value = [value] if value else None
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise field_error(field, "Expected a list of objects of category name to description.")
        return value

    def date(self, field: str) -> str | None:
        """A date as `YYYY-MM-DD`."""
        value = self.get(field)
        if value is None:
            return None
        parsed = parse_date(value)
        if parsed is None:
            raise field_error(field, "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
        return parsed

    def instant(self, field: str) -> Instant | None:
        """A date, a date-time or epoch seconds."""
        value = self.get(field)
        if value is None:
            return None
        parsed = parse_instant(value)
        if parsed is None:
            raise field_error(field, "Use a Unix epoch in seconds, YYYY-MM-DD, or an ISO 8601 date-time.")
        return parsed

    def epoch(self, field: str) -> int | None:
        """Epoch seconds, returned as microseconds."""
        value = self.get(field)
        if value is None:
            return None
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise field_error(field, "A valid integer is required.")
        parsed = parse_instant(value)
        if parsed is None:
            raise field_error(field, "Unix epoch seconds out of range.")
        return parsed.micros


async def read_body(request: Request) -> Body:
    """Return the body as an object; an empty body is an empty object, as in Django.

    Raises:
        ApiError: 400 if it is not a JSON object in UTF-8 without null characters; 413 if it is over 10 MB.
    """
    parsed = await read_json(request)
    if parsed is EMPTY:
        return Body()
    if not isinstance(parsed, dict):
        kind = type(parsed).__name__
        raise ApiError(400, {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]})
    return Body(parsed)


async def read_json(request: Request) -> object:
    """Return the body as JSON of any type, `EMPTY` if there is none.

    Raises:
        ApiError: 400 if it is not JSON in UTF-8 without null characters; 413 if it is over 10 MB.
    """
    raw = await _read(request)
    if not raw.strip():
        return EMPTY
    try:
        parsed: object = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        _inspect(parsed)
    except RecursionError as error:
        raise _parse_error("nested too deeply") from error
    except UnicodeError as error:
        raise _parse_error("the text is not valid Unicode") from error
    except ValueError as error:
        raise _parse_error(str(error)) from error
    return parsed


def parse_memory_id(value: object) -> str:
    """Return a memory's id in lower case with hyphens.

    Raises:
        ApiError: 400 if it is not a UUID.
    """
    try:
        return str(uuid.UUID(value if isinstance(value, str) else ""))
    except ValueError as error:
        raise ApiError(400, {"error": "memory_id should be a valid UUID"}) from error


def refuse_nulls(request: Request) -> None:
    """Raise an `ApiError` (400) if the path or the query holds a null character."""
    texts = (request.scope["path"], *request.query_params.keys(), *request.query_params.values())
    if any("\x00" in text for text in texts):
        raise ApiError(400, {"detail": _NO_NULLS})


def wrong_type(field: str, value: object, expected: str) -> ApiError:
    """The 400 for a value that is no `list` or `dictionary`."""
    return field_error(field, f'Expected a {expected} of items but got type "{type(value).__name__}".')


async def _read(request: Request) -> bytes:
    chunks = bytearray()
    try:
        async for chunk in request.stream():
            chunks += chunk
            if len(chunks) > _LARGEST:
                raise ApiError(413, {"detail": f"The body is over {_LARGEST} bytes."})
    except ClientDisconnect as error:
        # The client will not read this answer, but the route needs one.
        raise ApiError(400, {"detail": "The body ended early."}) from error
    return bytes(chunks)


def _inspect(parsed: object) -> None:
    """Refuse what a database or a reply cannot hold. Iterative, because the client chooses the depth."""
    pending = [(parsed, 1)]
    while pending:
        value, depth = pending.pop()
        if isinstance(value, str):
            _inspect_text(value)
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError("Out of range float values are not JSON compliant")
        elif isinstance(value, list | dict):
            if depth > _DEEPEST:
                raise RecursionError
            if isinstance(value, dict):
                for key in value:
                    _inspect_text(key)
            members = value.values() if isinstance(value, dict) else value
            pending.extend((member, depth + 1) for member in members)


def _inspect_text(value: str) -> None:
    if "\x00" in value:
        raise ApiError(400, {"detail": _NO_NULLS})
    if not value.isascii():
        value.encode("utf-8")  # raises for a lone surrogate, which only an escape can spell


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {name}")


def _parse_error(reason: str) -> ApiError:
    return ApiError(400, {"detail": f"JSON parse error - {reason}"})


def _check_range(field: str, value: float, least: float, most: float) -> None:
    if value < least:
        raise field_error(field, f"Ensure this value is greater than or equal to {least}.")
    if value > most:
        raise field_error(field, f"Ensure this value is less than or equal to {most}.")
