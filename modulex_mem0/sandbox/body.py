"""Reading a request's JSON body, whatever was sent."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from modulex_mem0.sandbox.errors import ApiError

LIMIT = 10 * 1024 * 1024
"""Largest accepted body, in bytes."""

DEPTH = 64
"""Most levels of lists and objects inside each other."""

NOTHING = object()
"""What an empty body reads as."""

NO_NULLS = "Null characters are not allowed."


async def read_object(request: Request) -> dict[str, Any]:
    """Return the body as an object; an empty body is an empty object, as with Django.

    Raises:
        ApiError: 400 if it is not a JSON object in UTF-8 with plain text in it; 413 if it is over ``LIMIT``.
    """
    parsed = await read_json(request)
    if parsed is NOTHING:
        return {}
    if not isinstance(parsed, dict):
        kind = type(parsed).__name__
        raise ApiError(400, {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]})
    return parsed


async def read_json(request: Request) -> object:
    """Return the body as JSON of any kind, ``NOTHING`` if it is empty.

    Raises:
        ApiError: 400 if it is not JSON in UTF-8 with plain text in it; 413 if it is over ``LIMIT``.
    """
    raw = await _read(request)
    if not raw.strip():
        return NOTHING
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


async def _read(request: Request) -> bytes:
    chunks = bytearray()
    try:
        async for chunk in request.stream():
            chunks += chunk
            if len(chunks) > LIMIT:
                raise ApiError(413, {"detail": f"The body is over {LIMIT} bytes."})
    except ClientDisconnect as error:
        # Nobody is left to read the answer; it only has to be one.
        raise ApiError(400, {"detail": "The body ended early."}) from error
    return bytes(chunks)


def _inspect(parsed: object) -> None:
    """Refuse what JSON can spell and a database or a reply cannot hold. Iterative: the depth is the caller's."""
    waiting = [(parsed, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, str):
            _inspect_text(value)
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError("Out of range float values are not JSON compliant")
        elif isinstance(value, list | dict):
            if depth > DEPTH:
                raise RecursionError
            if isinstance(value, dict):
                for key in value:
                    _inspect_text(key)
            members = value.values() if isinstance(value, dict) else value
            waiting.extend((member, depth + 1) for member in members)


def _inspect_text(value: str) -> None:
    if "\x00" in value:
        raise ApiError(400, {"detail": NO_NULLS})
    if not value.isascii():
        value.encode("utf-8")  # raises for a lone surrogate, which only an escape can spell


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {name}")


def _parse_error(reason: str) -> ApiError:
    return ApiError(400, {"detail": f"JSON parse error - {reason}"})
