"""Comparisons that SQLite lacks, given to it as functions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

_MISSING = object()


def install(connection: sqlite3.Connection) -> None:
    """Make ``holds_text``, ``holds_caseless`` and ``metadata_matches`` known to ``connection``."""
    functions: list[tuple[str, int, Callable[..., int]]] = [
        ("holds_text", 2, holds_text),
        ("holds_caseless", 2, holds_caseless),
        ("metadata_matches", 4, metadata_matches),
    ]
    for name, count, function in functions:
        connection.create_function(name, count, function, deterministic=True)


def holds_text(text: str, part: str) -> int:
    """Whether ``part`` occurs in ``text``; case matters."""
    return int(part in text)


def holds_caseless(text: str, part: str) -> int:
    """Whether ``part`` occurs in ``text`` in any case; SQLite's own LIKE knows the case of ASCII letters only."""
    return int(part.casefold() in text.casefold())


def metadata_matches(metadata: str | None, operator: str, key: str, wanted: str) -> int:
    """Compare one top-level key of a memory's metadata.

    Args:
        metadata: The memory's metadata as JSON, or ``None``.
        operator: ``eq``, ``ne`` (also true where the key is missing) or ``contains``.
        key: The key to look at.
        wanted: The value to compare with, as JSON.
    """
    found = _MISSING if metadata is None else json.loads(metadata).get(key, _MISSING)
    value = json.loads(wanted)
    if operator == "contains":
        return int(_contains(found, value))
    same = found is not _MISSING and same_json(found, value)
    return int(same if operator == "eq" else not same)


def same_json(left: Any, right: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Equality of JSON values: 1 equals 1.0, and neither equals true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    return bool(left == right)


def _contains(found: object, value: object) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    if isinstance(found, list):
        return any(same_json(member, value) for member in found)
    return False
