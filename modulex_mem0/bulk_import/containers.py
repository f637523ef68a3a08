"""Containers: how a source holds its items. Each is read in one pass, with the place of every item in the bytes.

An item's offsets let a chunk be read again without what is before it, which streaming JSON parsers do not offer.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

from pydantic_core import from_json

__all__ = ["LARGEST_ITEM", "ByteStream", "Item", "array_items", "header_of", "line_items", "table_items"]

#: An item of more bytes is refused: it would have to fit into memory.
LARGEST_ITEM = 64 << 20
_BLOCK = 256 << 10
_BOM = b"\xef\xbb\xbf"
_TOO_LARGE = f"is larger than {LARGEST_ITEM >> 20} MB"
# Everything up to the next bracket or comma outside of strings; the quantifiers keep what they have matched.
_TO_BRACKET = re.compile(rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+', re.DOTALL)
_TO_COMMA = re.compile(rb'[^",\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^",\[\]{}]*+)*+', re.DOTALL)
_SPACE = b" \t\r\n"


class ByteStream(Protocol):
    """What is needed of a stream of bytes."""

    def read(self, size: int = ..., /) -> bytes: ...  # noqa: D102 - as of a file

    def readline(self, size: int = ..., /) -> bytes: ...  # noqa: D102 - as of a file


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a source.

    Attributes:
        number: Its line, or its place in the list, from 1.
        start: Offset of its first byte.
        end: Offset behind its last byte, and behind what separates it from the next.
        value: What it holds; None if there is a problem.
        problem: Why it cannot be read.
        text: Its text, if there is a problem.
    """

    number: int
    start: int
    end: int
    value: Any = None
    problem: str | None = None
    text: str | None = None


def line_items(stream: ByteStream, start: int, first: int) -> Iterator[Item]:
    """The JSON values of a text with one on each line; blank lines are left out.

    Args:
        stream: Begins with a line.
        start: The offset of its first byte in the source.
        first: The number of its first line.
    """
    number, offset = first, start
    while line := stream.readline(LARGEST_ITEM + 1):
        begin, offset = offset, offset + len(line)
        if len(line) > LARGEST_ITEM:
            while line and not line.endswith(b"\n"):
                line = stream.readline(_BLOCK)
                offset += len(line)
            yield Item(number, begin, offset, problem=_TOO_LARGE)
        elif line.strip() and line.strip() != _BOM:
            yield _json_item(number, begin, offset, line.removeprefix(_BOM) if begin == 0 else line)
        number += 1


def array_items(stream: ByteStream, start: int, first: int) -> Iterator[Item]:
    """The items of a JSON list, up to its end.

    Args:
        stream: Begins behind the list's bracket, or behind the comma after an item.
        start: The offset of its first byte in the source.
        first: The number of its first item.
    """
    buffer, offset, number = b"", start, first
    scanner = _Scanner()
    block = _BLOCK
    while True:
        end = scanner.find_end(buffer)
        if end is None:
            more = stream.read(block)
            if more and len(buffer) <= LARGEST_ITEM:
                # A large item is scanned again from its last string, so it is read in larger steps.
                buffer += more
                block = max(_BLOCK, len(buffer) // 2)
                continue
            if buffer.strip():
                problem = _TOO_LARGE if more else "the list does not end: the file is cut off, or is not valid JSON"
                yield Item(number, offset, offset + len(buffer), problem=problem, text=_shown(buffer))
            return
        item, closed = buffer[:end], buffer[end : end + 1] != b","
        if item.strip():
            # The bracket that closes the list stays outside, so that reading on from there finds the end.
            yield _json_item(number, offset, offset + end + (not closed), item)
            number += 1
        if closed:
            return
        offset += end + 1
        buffer = buffer[end + 1 :]
        scanner = _Scanner()
        block = _BLOCK


class _Scanner:
    """Finds the end of one item: the comma or the bracket behind it. Bytes may be appended between two tries."""

    def __init__(self) -> None:
        self._depth = 0
        self._position = 0

    def find_end(self, buffer: bytes) -> int | None:
        depth, position, length = self._depth, self._position, len(buffer)
        while True:
            found = (_TO_BRACKET if depth else _TO_COMMA).match(buffer, position)
            position = found.end() if found else position
            # The end of the bytes so far, or a string whose end has not been read.
            if position >= length or buffer[position] == 0x22:
                self._depth, self._position = depth, position
                return None
            byte = buffer[position]
            if byte in b"[{":
                depth += 1
            elif depth == 0:
                return position
            else:
                depth -= 1
            position += 1


def _json_item(number: int, start: int, end: int, text: bytes) -> Item:
    try:
        return Item(number, start, end, value=from_json(text, allow_inf_nan=False))
    except ValueError as error:
        reason = " ".join(str(error).split())
        return Item(number, start, end, problem=f"is not JSON: {reason}", text=_shown(text))


def _shown(text: bytes) -> str:
    return text.strip(_SPACE + b",").decode("utf-8", "replace")


def table_items(stream: ByteStream, start: int, first: int, columns: tuple[str, ...], delimiter: str) -> Iterator[Item]:
    """The records of a CSV file, each as a mapping of column to text.

    Args:
        stream: Begins with a record.
        start: The offset of its first byte in the source.
        first: The number of its first line.
        columns: Of the header.
        delimiter: Between two cells.
    """
    lines = _CountedLines(stream, start, first)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST_ITEM))
    while True:
        number, begin = lines.number, lines.offset
        lines.begin = begin
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # The reader keeps half a record otherwise.
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            yield Item(number, begin, lines.offset, problem=f"is not CSV: {error}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            problem = f"has {len(cells)} cells where the header has {len(columns)}"
            yield Item(number, begin, lines.offset, problem=problem, text=delimiter.join(cells))
        elif any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell):
            yield Item(number, begin, lines.offset, problem="is not UTF-8 text")
        else:
            yield Item(number, begin, lines.offset, value=dict(zip(columns, cells, strict=True)))


def header_of(head: bytes, delimiter: str | None) -> tuple[tuple[str, ...], str, int]:
    """The columns of a CSV file, its delimiter, and the offset of its first record."""
    text = head.removeprefix(_BOM)
    first_line = text.split(b"\n", 1)[0].decode("utf-8", "surrogateescape")
    chosen = delimiter or max(",;\t|", key=first_line.count)
    lines = _CountedLines(BytesIO(text), len(head) - len(text), 1)
    cells = next(csv.reader(lines, delimiter=chosen, strict=True), [])
    return tuple(cell.strip() for cell in cells), chosen, lines.offset


class _CountedLines:
    """The lines of a stream as text, and how far the reader has come."""

    def __init__(self, stream: ByteStream, start: int, first: int) -> None:
        self._stream = stream
        self.offset = start
        self.number = first
        self.begin = start

    def __iter__(self) -> "_CountedLines":
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LARGEST_ITEM)
        if not line:
            raise StopIteration
        self.offset += len(line)
        self.number += 1
        if self.offset - self.begin > LARGEST_ITEM:
            # A quotation mark that is never closed would take in the rest of the file.
            raise csv.Error(_TOO_LARGE)
        return line.decode("utf-8", "surrogateescape")
