"""Chunks: whatever the size of a chunk, reading them again gives the rows of the source, each once."""

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.bulk_import import (
    Chunk,
    ImportOptions,
    InvalidRow,
    Row,
    Source,
    SourceChangedError,
    TemporaryKeys,
    open_source,
)
from tests.bulk_import.conftest import WriteRows, add

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
ROWS = st.lists(TEXT, min_size=1, max_size=12)


def _json_lines(texts: list[str]) -> bytes:
    # Blank lines between them, and a byte order mark, as editors leave them.
    return b"\xef\xbb\xbf" + b"\n\n".join(json.dumps(add(text), ensure_ascii=False).encode() for text in texts)


def _json_list(texts: list[str]) -> bytes:
    nested = [{**add(text), "metadata": {"a": ["]", "[", {"b": '"'}]}} for text in texts]
    return json.dumps(nested, ensure_ascii=False, indent=1).encode()


def _json_object(texts: list[str]) -> bytes:
    records = [{"memory": text, "user_id": "alice"} for text in texts]
    return json.dumps({"count": 3, "memories": records, "next": None}).encode()


def _one_conversation(texts: list[str]) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": text} for text in texts]}, indent=2).encode()


def _table(texts: list[str]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["user_id", "content"], *(["alice", text] for text in texts)])
    return file.getvalue().encode()


def _source(content: bytes, folder: str) -> Source:
    path = Path(folder) / "source"
    path.write_bytes(content)
    return open_source(str(path), ImportOptions(user_id="alice", turns=2), None)


def _texts(rows: tuple[Row | InvalidRow, ...]) -> list[str]:
    assert not [row for row in rows if isinstance(row, InvalidRow)], rows
    return [message["content"] for row in rows if isinstance(row, Row) for message in row.input["messages"]]


@pytest.mark.parametrize("form", [_json_lines, _json_list, _json_object, _one_conversation, _table])
@given(texts=ROWS, size=st.integers(1, 5), broken=st.integers(0, 12))
def test_any_cut_gives_the_same_rows(form: Any, texts: list[str], size: int, broken: int) -> None:
    # A cell of nothing but spaces is an empty cell, and csv joins the two characters of a line's end.
    texts = [text.replace("\r", "").replace("\0", "") + "." for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        source = _source(form(texts), folder)
        with TemporaryKeys() as seen:
            chunks = list(source.index(seen, chunk_rows=size))
        again = [_texts(source.read(chunk).rows) for chunk in chunks]
        assert [text for chunk in again for text in chunk] == texts
        # An index that was broken off goes on behind its last chunk.
        if broken < len(chunks):
            with TemporaryKeys() as seen:
                first = list(source.index(seen, chunk_rows=size))[: broken + 1]
                assert first == chunks[: broken + 1]
            with TemporaryKeys() as seen:
                rest = list(source.index(seen, chunk_rows=size, after=chunks[broken]))
            assert [(c.number, c.start, c.end, c.first) for c in rest] == [
                (c.number, c.start, c.end, c.first) for c in chunks[broken + 1 :]
            ]


@given(rows=st.lists(st.sampled_from("abc"), min_size=1, max_size=15), size=st.integers(1, 4))
def test_each_row_is_sent_once(rows: list[str], size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = _source(_json_lines(rows), folder)
        with TemporaryKeys() as seen:
            chunks = list(source.index(seen, chunk_rows=size))
        sent = []
        for chunk in chunks:
            read = source.read(chunk)
            sent += [row.input["messages"][0]["content"] for n in read.to_send if isinstance(row := read.rows[n], Row)]
            assert len(read.to_send) == chunk.to_send
        assert sent == list(dict.fromkeys(rows))


def test_a_large_item_crosses_the_blocks_in_which_a_source_is_read() -> None:
    texts = ["a" * 700_000, 'b"\\' * 200_000, "c"]
    with tempfile.TemporaryDirectory() as folder:
        source = _source(_json_list(texts), folder)
        with TemporaryKeys() as seen:
            chunks = list(source.index(seen))
        # Open chunks are in memory, so they are cut by their bytes, too.
        assert len(chunks) > 1
        assert [text for chunk in chunks for text in _texts(source.read(chunk).rows)] == texts


def test_a_chunk_holds_no_message_and_survives_json(write_rows: WriteRows) -> None:
    source = open_source(str(write_rows(5)), ImportOptions(), None)
    with TemporaryKeys() as seen:
        (chunk,) = source.index(seen)
    text = chunk.model_dump_json()
    assert "thing" not in text
    assert "user-" not in text
    assert Chunk.model_validate_json(text) == chunk


def test_a_source_that_changed_is_noticed(write_rows: WriteRows) -> None:
    path = write_rows(5)
    source = open_source(str(path), ImportOptions(), None)
    with TemporaryKeys() as seen:
        (chunk,) = source.index(seen)
    path.write_text(path.read_text().replace("thing 3", "thing 4"))
    with pytest.raises(SourceChangedError, match="has changed since"):
        source.read(chunk)


def test_the_key_is_of_user_and_messages_alone(write_rows: WriteRows) -> None:
    rows = [
        add("I cook", "alice", metadata={"a": 1}),
        {"user_id": "alice", "messages": [{"content": "I cook", "role": "user"}], "timestamp": 5},
        add("I cook", "bob"),
        add("I cook.", "alice"),
    ]
    source = open_source(str(write_rows(rows=rows)), ImportOptions(), None)
    with TemporaryKeys() as seen:
        (chunk,) = source.index(seen)
    keys = [getattr(row, "key", None) for row in source.read(chunk).rows]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert chunk.duplicates == (1,)
