"""Finds one short line for people in the body of an error reply, whatever its shape."""

import re
from typing import Any

from pydantic_core import from_json

__all__ = ["error_message"]

_LONGEST = 300
# In the order in which services use them; the first that holds text wins.
_KEYS = ("error", "detail", "message", "error_description", "msg", "title", "reason")
_BOM = b"\xef\xbb\xbf"
_TAG = re.compile(r"<[!/?a-zA-Z][^<>]*>?")


def error_message(body: bytes, content_type: str | None) -> str:
    """One line of at most 300 characters.

    Understands `{"error": s}`, `{"message": s}`, `{"detail": s or list}`, `{"error": s, "details": {"message": s}}`,
    `{"field": ["…"]}` and nestings of them. Markup is not passed on.
    """
    body = body.removeprefix(_BOM).strip()
    if not body:
        return "the reply has no body"
    try:
        text = _find(from_json(body, allow_inf_nan=False), 0)
    except ValueError:
        if body.startswith(b"<") or "html" in (content_type or "").lower():
            return "the reply is a page of markup, not data; a proxy or another service may have answered"
        text = body[: 8 * _LONGEST].decode("utf-8", "replace")
    return _one_line(text) or "the reply gives no reason"


def _find(value: Any, depth: int) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return value
    if depth > 4:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_find(item, depth + 1) for item in value[:3])))
    if isinstance(value, dict):
        found = next(filter(None, (_find(value.get(key), depth + 1) for key in _KEYS)), "")
        more = _find(value.get("details"), depth + 1) if "details" in value else ""
        if found or more:
            return ": ".join(dict.fromkeys(filter(None, (found, more))))
        # What remains is Django's form errors: the name of a field and what is wrong with it.
        fields = ((name, _find(item, depth + 1)) for name, item in list(value.items())[:3])
        return "; ".join(f"{name}: {text}" for name, text in fields if text)
    return ""


def _one_line(text: str) -> str:
    text = _TAG.sub(" ", text[: 4 * _LONGEST])
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
