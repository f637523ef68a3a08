"""The source in chunks: an index that is made once, and chunks that are read again from their offsets.

Nothing here sends anything, and nothing needs an event loop: run it in a thread beside one.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from pydantic import BaseModel

from modulex_mem0.bulk_import.containers import ByteStream, Item, array_items, line_items, table_items
from modulex_mem0.bulk_import.layout import Layout, detect_layout
from modulex_mem0.bulk_import.location import Location, SourceError, find_location, reading
from modulex_mem0.bulk_import.options import ImportOptions
from modulex_mem0.bulk_import.rows import InvalidRow, Row, RowReader
from modulex_mem0.contract import Action, FrozenModel

__all__ = [
    "CHUNK_ROWS",
    "Chunk",
    "ChunkRows",
    "SeenKeys",
    "Source",
    "SourceChangedError",
    "TemporaryKeys",
    "open_source",
]

#: Rows in a chunk, unless the caller wants another number.
CHUNK_ROWS = 500
# A chunk of long conversations has fewer rows: each open chunk is held in memory.
_CHUNK_BYTES = 1 << 20


class SourceChangedError(SourceError):
    """The source is not the one that was indexed."""


class Chunk(FrozenModel):
    """A part of the source, small enough to be sent in one go and to be tried again. It holds no message.

    Attributes:
        number: Its place among the chunks, from 1.
        start: Offset of its first byte.
        end: Offset behind its last byte.
        first: Number of its first item, or of its line.
        rows: How many rows it has, invalid ones and duplicates included.
        invalid: How many of them cannot be sent.
        duplicates: Which of them, counted from 0, repeat a row that stands before them in the source.
        digest: Of its bytes, by which a changed source is noticed.
    """

    number: int
    start: int
    end: int
    first: int
    rows: int
    invalid: int = 0
    duplicates: tuple[int, ...] = ()
    digest: str

    @property
    def to_send(self) -> int:
        """How many rows are sent."""
        return self.rows - self.invalid - len(self.duplicates)


@dataclass(frozen=True, slots=True)
class ChunkRows:
    """A chunk's rows as they are read; the position of each is its number in the chunk, from 0.

    Attributes:
        rows: All of them.
        to_send: The positions of those that are sent: valid, and no duplicates.
    """

    rows: tuple[Row | InvalidRow, ...]
    to_send: tuple[int, ...]


class SeenKeys(Protocol):
    """The keys of the rows so far, kept where a million of them take no memory."""

    def add(self, keys: Sequence[bytes]) -> list[bool]:
        """Remember keys; says of each whether it was new."""


class TemporaryKeys:
    """Keys in a temporary file, for an index that is made in one go."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="modulex-import-")
        self._connection = sqlite3.connect(Path(self._folder.name) / "keys", check_same_thread=False)
        self._connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;"
            "CREATE TABLE keys (key BLOB PRIMARY KEY) WITHOUT ROWID; BEGIN"
        )

    def add(self, keys: Sequence[bytes]) -> list[bool]:
        """Remember keys; says of each whether it was new."""
        insert = "INSERT OR IGNORE INTO keys VALUES (?)"
        return [self._connection.execute(insert, (key,)).rowcount == 1 for key in keys]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._folder.cleanup()


class Source:
    """A file or URL whose layout is known.

    Attributes:
        address: By which another process can open it.
        name: For people.
        layout: How it holds its items.
        options: How the items become rows.
    """

    def __init__(
        self, location: Location, options: ImportOptions, layout: Layout, add: Action[Any, Any] | None
    ) -> None:
        self._location = location
        self.address = location.address
        self.name = location.name
        self.options = options
        self.layout = layout
        model = add.input if add is not None else None
        self._reader = RowReader(
            layout, options, model if isinstance(model, type) and issubclass(model, BaseModel) else None
        )

    def fingerprint(self) -> str:
        """A digest of the content: another content has another.

        Raises:
            SourceError: It cannot be read.
        """
        return self._location.fingerprint()

    def size(self) -> int | None:
        """Bytes of the source, if known."""
        return self._location.size()

    def index(
        self,
        seen: SeenKeys,
        *,
        chunk_rows: int = CHUNK_ROWS,
        after: Chunk | None = None,
        on_rows: Callable[[list[Row | InvalidRow]], None] | None = None,
    ) -> Iterator[Chunk]:
        """Read the source once and cut it into chunks.

        Args:
            seen: Gets the key of every row, each once; it must outlast the reading.
            chunk_rows: How many rows a chunk has. An item's rows stay together, so it may be some more.
            after: The last chunk of an index that was not finished; `seen` then has the keys up to it.
            on_rows: Called with the rows of each item.

        Raises:
            SourceError: It cannot be read.
        """
        layout = self.layout
        start = layout.start if after is None else after.end
        first = layout.first
        if after is not None:
            # The items of the last chunk are counted once more: only the next one has the number that follows.
            first = after.first + self._items_in(after)
        number = 0 if after is None else after.number
        with reading(self._location, start) as stream:
            recorded = _Recorded(stream, start)
            chunk = _Building()
            for item in self._items(recorded, start, first):
                rows = self._reader.read(item)
                chunk.add(item, rows, seen)
                if on_rows is not None:
                    on_rows(rows)
                if chunk.count >= chunk_rows or item.end - chunk.start >= _CHUNK_BYTES:
                    number += 1
                    yield chunk.finish(number, recorded)
                    chunk = _Building()
            if chunk.begun:
                yield chunk.finish(number + 1, recorded)

    def read(self, chunk: Chunk) -> ChunkRows:
        """The rows of a chunk.

        Raises:
            SourceChangedError: Its bytes are not those that were indexed.
            SourceError: It cannot be read.
        """
        data = self._bytes(chunk)
        rows: list[Row | InvalidRow] = []
        for item in self._items(BytesIO(data), chunk.start, chunk.first):
            rows += self._reader.read(item)
        skipped = frozenset(chunk.duplicates)
        to_send = (n for n, row in enumerate(rows) if isinstance(row, Row) and n not in skipped)
        return ChunkRows(tuple(rows), tuple(to_send))

    def _bytes(self, chunk: Chunk) -> bytes:
        with reading(self._location, chunk.start) as stream:
            data = stream.read(chunk.end - chunk.start)
        if _digest(data) != chunk.digest:
            raise SourceChangedError(
                f"{self.name}: has changed since the import of it began; put the old file back, or import the new one"
                " as it is, which is an import of its own"
            )
        # A list that is read from its middle ends with its bytes.
        return data + b"]" if self.layout.container == "array" else data

    def _items_in(self, chunk: Chunk) -> int:
        """How far the number of the item, or of the line, goes on in a chunk."""
        if self.layout.container == "array":
            return sum(
                self.layout.kind != "turns" or len(item.value)
                for item in self._items(BytesIO(self._bytes(chunk)), chunk.start, chunk.first)
            )
        return self._bytes(chunk).count(b"\n")

    def _items(self, stream: ByteStream, start: int, first: int) -> Iterator[Item]:
        layout = self.layout
        if layout.container == "lines":
            return line_items(stream, start, first)
        if layout.container == "table":
            return table_items(stream, start, first, layout.columns, layout.delimiter)
        items = array_items(stream, start, first)
        return _grouped(items, self.options.turns) if layout.kind == "turns" else items


def open_source(address: str, options: ImportOptions, add: Action[Any, Any] | None) -> Source:
    """Open a source and find out its layout.

    Args:
        address: A path, or a URL: `file:`, `https:`, or `http:` on this machine.
        options: What the source does not say itself.
        add: The action that adds a row; its model validates the rows.

    Raises:
        SourceError: It cannot be read, or its format is not known.
    """
    location = find_location(address)
    return Source(location, options, detect_layout(location, options), add)


class _Recorded:
    """A stream that keeps the bytes of the chunk that is being read."""

    def __init__(self, stream: ByteStream, start: int) -> None:
        self._stream = stream
        self._start = start
        self._kept = bytearray()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._kept += data
        return data

    def readline(self, size: int = -1) -> bytes:
        line = self._stream.readline(size)
        self._kept += line
        return line

    def digest(self, start: int, end: int) -> str:
        """The digest of a range of bytes; all bytes before its end are forgotten."""
        digest = _digest(bytes(memoryview(self._kept)[start - self._start : end - self._start]))
        del self._kept[: end - self._start]
        self._start = end
        return digest


class _Building:
    """A chunk that is being filled."""

    def __init__(self) -> None:
        self.begun = False
        self.start = self.end = self.first = self.count = self.invalid = 0
        self._duplicates: list[int] = []

    def add(self, item: Item, rows: list[Row | InvalidRow], seen: SeenKeys) -> None:
        if not self.begun:
            self.begun, self.start, self.first = True, item.start, item.number
        self.end = item.end
        keyed = [
            (position, bytes.fromhex(row.key)[:16])
            for position, row in enumerate(rows, self.count)
            if isinstance(row, Row)
        ]
        news = seen.add([key for _, key in keyed])
        self._duplicates += [position for (position, _), new in zip(keyed, news, strict=True) if not new]
        self.invalid += len(rows) - len(keyed)
        self.count += len(rows)

    def finish(self, number: int, recorded: _Recorded) -> Chunk:
        return Chunk(
            number=number,
            start=self.start,
            end=self.end,
            first=self.first,
            rows=self.count,
            invalid=self.invalid,
            duplicates=tuple(self._duplicates),
            digest=recorded.digest(self.start, self.end),
        )


def _grouped(items: Iterator[Item], turns: int) -> Iterator[Item]:
    """The messages of one long conversation, so many in an item. What cannot be read is an item of its own."""
    group: list[Item] = []
    for item in items:
        if item.problem is None:
            group.append(item)
        if group and (item.problem is not None or len(group) == turns):
            yield _joined(group)
            group = []
        if item.problem is not None:
            yield replace(item, value=[None])
    if group:
        yield _joined(group)


def _joined(group: list[Item]) -> Item:
    return Item(group[0].number, group[0].start, group[-1].end, value=[item.value for item in group])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
