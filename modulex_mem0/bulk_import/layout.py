"""The layout of a source: its container, and what its items are. Read from its first bytes, or set by the options."""

import csv
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Literal

from pydantic_core import from_json

from modulex_mem0.bulk_import.containers import array_items, header_of
from modulex_mem0.bulk_import.location import Location, SourceError
from modulex_mem0.bulk_import.options import FORMATS, ImportOptions
from modulex_mem0.contract import FrozenModel

__all__ = ["INPUT_FIELDS", "NOTES", "Kind", "Layout", "detect_layout"]

Container = Literal["lines", "array", "table"]
Kind = Literal["inputs", "chatgpt", "claude", "conversations", "turns", "memories"]

#: Fields by which a row is known as an input of `add_memories`; its own model has the last word.
INPUT_FIELDS = frozenset({
    "user_id", "messages", "agent_id", "app_id", "run_id", "metadata", "infer", "expiration_date", "timestamp",
    "custom_instructions", "custom_categories", "includes", "excludes",
})  # fmt: skip
#: What `modulex-mem0 import failures` adds to a row for people.
NOTES = frozenset({"import_error", "import_place", "import_text"})
_KINDS: dict[str, Kind] = {
    "jsonl": "inputs",
    "chatgpt": "chatgpt",
    "claude": "claude",
    "messages": "conversations",
    "mem0": "memories",
}
_TITLES = {
    "inputs": "inputs of add_memories",
    "chatgpt": "ChatGPT's conversations",
    "claude": "Claude's conversations",
    "conversations": "conversations",
    "turns": "one conversation",
    "memories": "Mem0's export",
}
# Where an object that wraps a list of items has that list.
_LIST_KEYS = ("memories", "results", "conversations", "messages", "chats", "data")
_HEADS = (64 << 10, 1 << 20, 16 << 20)
_BOM = b"\xef\xbb\xbf"
# How bytes are kept that are not UTF-8.
_UNDECODED = re.compile("[\udc80-\udcff]")
# The first bytes of archives, and of text that is not UTF-8.
_UNREADABLE = {
    b"PK\x03\x04": "is a ZIP archive; unpack it, and import the file in it (conversations.json)",
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first",
    b"BZh": "is compressed with bzip2; unpack it first",
    b"\xff\xfe": "is UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text; save it as UTF-8",
    b"SQLite": "is a database; export its rows as CSV or JSONL",
}


class Layout(FrozenModel):
    """How to find and read the items of a source.

    Attributes:
        container: JSON values on lines of their own, a JSON list, or a CSV table.
        kind: What an item is.
        start: Offset of the first item.
        first: Number of the first item, or of its line.
        columns: Of a table.
        delimiter: Of a table.
    """

    container: Container
    kind: Kind
    start: int = 0
    first: int = 1
    columns: tuple[str, ...] = ()
    delimiter: str = ","

    @property
    def title(self) -> str:
        """The layout in a few words, for people."""
        if self.container == "table":
            return f"CSV with the columns {', '.join(self.columns)}"
        return f"{_TITLES[self.kind]}, {'one on each line' if self.container == 'lines' else 'in a JSON list'}"


def detect_layout(location: Location, options: ImportOptions) -> Layout:
    """Find out how a source holds its items.

    Raises:
        SourceError: It is empty, unreadable, or of no format that is known.
    """
    with location.open() as stream:
        head = b""
        for size in _HEADS:
            head += stream.read(size - len(head))
            layout = _layout(location.name, head, options, whole=len(head) < size)
            if layout is not None:
                return layout
            if len(head) < size:
                break
    raise SourceError(f"{location.name}: its format is not recognised; name it with --format: {', '.join(FORMATS[1:])}")


def _layout(name: str, head: bytes, options: ImportOptions, *, whole: bool) -> Layout | None:
    """The layout, if so many of the first bytes say it."""
    text = head.removeprefix(_BOM).lstrip()
    if not text:
        raise SourceError(f"{name}: is empty")
    for magic, problem in _UNREADABLE.items():
        if head.startswith(magic):
            raise SourceError(f"{name}: {problem}")
    named = options.format
    if named == "csv" or (named == "auto" and (text[:1] not in b'{["' or _begins_with_cells(text, whole=whole))):
        return _table(name, head, options)
    begin = len(head) - len(text)
    kind = _KINDS.get(named)
    if text[:1] == b"[":
        return _array(name, head, begin + 1, kind, whole=whole)
    if text[:1] == b"{" and named != "jsonl":
        return _lines_or_object(name, head, kind, whole=whole)
    return Layout(container="lines", kind=kind or "inputs")


def _begins_with_cells(text: bytes, *, whole: bool) -> bool:
    """Whether the first line is of a CSV file that has its cells in quotes, and not a text in JSON."""
    line, newline, _ = text.partition(b"\n")
    return text[:1] == b'"' and (bool(newline) or whole) and _parsed(line) is None


def _lines_or_object(name: str, head: bytes, kind: Kind | None, *, whole: bool) -> Layout | None:
    """The layout of a source that begins with an object: the first of many, or the one that holds a list."""
    line, newline, _ = head.removeprefix(_BOM).lstrip().partition(b"\n")
    complete = bool(newline) or whole
    first = _parsed(line) if complete else None
    found = _kind_of(first)
    if found is not None:
        # Messages on lines of their own are no conversation: nothing says where one ends.
        return Layout(container="lines", kind=kind or ("inputs" if found == "turns" else found))
    if (start := _list_start(head)) is not None:
        return _array(name, head, start, kind, whole=whole)
    return Layout(container="lines", kind=kind or "inputs") if complete else None


def _array(name: str, head: bytes, start: int, kind: Kind | None, *, whole: bool) -> Layout | None:
    first = next(array_items(BytesIO(head[start:]), start, 1), None)
    if first is None:
        if whole:
            raise SourceError(f"{name}: holds an empty list")
        return None
    if first.problem is not None:
        if not whole and first.end >= len(head):
            return None
        raise SourceError(f"{name}: the first item {first.problem}")
    found = _kind_of(first.value)
    if kind == "conversations" and found == "turns":
        kind = "turns"
    chosen = kind or found
    return None if chosen is None else Layout(container="array", kind=chosen, start=start)


def _kind_of(item: object) -> Kind | None:
    if isinstance(item, list):
        return "conversations"
    if not isinstance(item, Mapping):
        return None
    if isinstance(item.get("mapping"), Mapping):
        return "chatgpt"
    if isinstance(item.get("chat_messages"), list):
        return "claude"
    if "messages" in item:
        return "inputs" if "user_id" in item or item.keys() <= INPUT_FIELDS | NOTES else "conversations"
    if isinstance(item.get("memory"), str):
        return "memories"
    if any(key in item for key in ("role", "type", "from", "lc")):
        return "turns"
    return None


def _list_start(head: bytes) -> int | None:
    """The offset behind the bracket of the list that an object holds under one of the known keys."""
    # Keys of the object itself only: a nested list is a part of an item.
    depth, position, key = 0, 0, b""
    length = len(head)
    while position < length:
        byte = head[position]
        if byte == 0x22:
            end = position + 1
            while end < length and head[end] != 0x22:
                end += 2 if head[end] == 0x5C else 1
            key = head[position + 1 : end] if depth == 1 else key
            position = end
        elif byte in b"[{":
            if depth == 1 and byte == 0x5B and key.decode("utf-8", "replace") in _LIST_KEYS:
                return position + 1
            depth += 1
        elif byte in b"]}":
            depth -= 1
        position += 1
    return None


def _table(name: str, head: bytes, options: ImportOptions) -> Layout:
    try:
        columns, delimiter, start = header_of(head, options.delimiter)
    except csv.Error as error:
        raise SourceError(f"{name}: its first line is not CSV: {error}") from None
    if any(_UNDECODED.search(column) for column in columns):
        raise SourceError(f"{name}: is not UTF-8 text; save it as UTF-8")
    if len(set(columns)) != len(columns) or not all(columns):
        raise SourceError(f"{name}: the columns of its first line need names, each its own: {', '.join(columns)[:200]}")
    known = {options.columns.get(field, field) for field in ("messages", "content")}
    if not known & set(columns):
        hint = (
            "" if options.format == "csv" or len(columns) > 1 else " If it is not CSV, name its format with --format."
        )
        raise SourceError(
            f"{name}: no column holds what was said; its columns are {', '.join(columns)[:200]}."
            f" Name one, as in --map content={columns[-1]} --map user_id={columns[0]}.{hint}"
        )
    if missing := sorted(set(options.columns.values()) - set(columns)):
        raise SourceError(f"{name}: has no column {missing[0]!r}; its columns are {', '.join(columns)[:200]}")
    return Layout(
        container="table",
        kind="inputs",
        start=start,
        first=1 + head[:start].count(b"\n"),
        columns=columns,
        delimiter=delimiter,
    )


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return from_json(text)
    except ValueError:
        return None
