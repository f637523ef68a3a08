"""An output as a table and as text for a prompt."""

import json
from collections.abc import Mapping
from typing import Any

from modulex_mem0.json_schema import resolve

__all__ = ["as_text", "rows_of", "table_field"]

_Schema = Mapping[str, Any]

# What a record or an output is about, in the order of preference; the first that it has is its line.
_SUBJECTS = ("memory", "new_memory", "summary", "text", "content", "message", "title", "name", "status")


def table_field(schema: _Schema) -> str | None:
    """The field of an output that is a list of records: the first; None if there is none."""
    for name, field in schema.get("properties", {}).items():
        if isinstance(field, Mapping) and field.get("type") == "array":
            items = _resolved(field.get("items"), schema)
            if items.get("type") == "object" or "properties" in items:
                return str(name)
    return None


def rows_of(output: Mapping[str, Any], field: str | None) -> list[Any]:
    """The records of an output, for a table; a failed call has none."""
    rows = output.get(field) if field else None
    return list(rows) if isinstance(rows, list) else []


def as_text(output: Mapping[str, Any], schema: _Schema) -> str:
    """An output for a prompt: the error of a failed call; a line for each record; else what the output is about."""
    if output.get("success") is False:
        return str(output.get("error") or "")
    records = rows_of(output, table_field(schema))
    if records:
        return "\n".join(_line(record) for record in records)
    # Neither zeros nor empty lists: a search that finds nothing adds nothing to a prompt.
    found = {name: value for name, value in output.items() if value and name not in ("success", "error")}
    return _line(found) if found else ""


def _line(value: object) -> str:
    """A record on one line: what it is about, or all of it as JSON."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, Mapping):
        subject = _subject(value)
        if subject is not None:
            return _line(subject)
    return json.dumps(value, ensure_ascii=False)


def _subject(record: Mapping[str, Any]) -> object:
    """What a record is about: text, or a record in it; None if it has neither."""
    return next((record[name] for name in _SUBJECTS if record.get(name) and isinstance(record[name], str | dict)), None)


def _resolved(schema: Any, root: _Schema) -> _Schema:  # noqa: ANN401 - a schema may be true or false
    try:
        found = resolve(schema, root)
    except LookupError:
        return {}
    return found if isinstance(found, Mapping) else {}
