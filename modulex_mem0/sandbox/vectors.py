"""Comparing a query with the vectors of a project's memories, by brute force over one matrix.

The matrix follows the database by revision: each vector written gets the next number, and a search first reads what is
newer than what it has. So the matrix can neither miss a committed write nor hold one that was undone.
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Sequence
from typing import Any

from modulex_mem0.sandbox.embedder import Embedder

_BATCH = 64


class VectorIndex:
    """The vectors of every project, as far as they have been searched. Used on the database's thread only."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._projects: dict[str, _Matrix] = {}

    def embed_missing(self, connection: sqlite3.Connection, project: str | None = None) -> None:
        """Give every memory that has no vector one, in ``project`` or everywhere."""
        where = "vector_revision IS NULL" if project is None else "project = ? AND vector_revision IS NULL"
        bare = connection.execute(
            f"SELECT pk, memory FROM memories WHERE {where}",  # noqa: S608 - one of two constants
            () if project is None else (project,),
        ).fetchall()
        for start in range(0, len(bare), _BATCH):
            rows = bare[start : start + _BATCH]
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
        matrix.catch_up(connection, project)
        return matrix.compare(self._embedder.embed([query])[0], keys)


class _Matrix:
    """Rows of unit vectors; a memory that changes gets a new row, and the old one is left until half are."""

    def __init__(self, dimensions: int) -> None:
        self._numpy: Any = importlib.import_module("numpy")
        self._dimensions = dimensions
        self._clear()

    def _clear(self) -> None:
        self._rows: Any = self._numpy.empty((0, self._dimensions), dtype="float32")
        self._used = 0
        self._place: dict[int, int] = {}
        self._revision = 0

    def catch_up(self, connection: sqlite3.Connection, project: str) -> None:
        """Read the vectors that were written since the last time."""
        living: int = connection.execute(
            "SELECT count(*) FROM memories WHERE project = ? AND vector_revision > 0", (project,)
        ).fetchone()[0]
        newest: int = connection.execute(
            "SELECT coalesce(max(vector_revision), 0) FROM memories WHERE project = ?", (project,)
        ).fetchone()[0]
        if self._used > 2 * living + _BATCH:
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
