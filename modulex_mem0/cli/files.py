"""JSON as the command prints it and reads it."""

import json
import re
from typing import Any

__all__ = ["JsonTextError", "json_line", "json_text", "read_object", "read_text"]

# Control characters that JSON allows in a string and that a terminal would obey.
_CONTROL = re.compile(r"[\x7f-\x9f]")


class JsonTextError(Exception):
    """The text is not what it has to be; the message says where it is broken and quotes nothing of it."""


def json_text(value: object) -> str:
    """Indented JSON, with letters of every script as they are, and without a newline at the end."""
    return _harmless(json.dumps(value, indent=2, ensure_ascii=False))


def json_line(value: object) -> str:
    """The same on one line."""
    return _harmless(json.dumps(value, ensure_ascii=False))


def read_text(content: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Raises:
        JsonTextError: It is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JsonTextError(f"is not UTF-8 text: byte {error.start + 1} is wrong") from None


def read_object(text: str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        JsonTextError: It is not JSON, or not an object.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        reason = "is empty" if not text.strip() else f"is not JSON: {_where(error)}"
        raise JsonTextError(reason) from None
    except (ValueError, RecursionError) as error:
        raise JsonTextError(f"is not JSON that can be read: {error}") from None
    if not isinstance(value, dict):
        kind = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")
        raise JsonTextError(f"must be a JSON object, not {kind}")
    return value


def _harmless(text: str) -> str:
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _where(error: json.JSONDecodeError) -> str:
    return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON value")
