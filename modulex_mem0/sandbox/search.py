"""Ranking memories against a query: by their words, or by meaning with a little help from the words."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from heapq import nlargest

from modulex_mem0.sandbox import lexical, records, selection
from modulex_mem0.sandbox.records import Record
from modulex_mem0.sandbox.selection import Selection
from modulex_mem0.sandbox.vectors import VectorIndex

# Measured on hard paraphrases: a larger share for the words, or fusing ranks, finds less than meaning alone.
_WORDS_SHARE = 0.05
_MIDDLE, _WIDTH = 0.18, 0.05


@dataclass(frozen=True)
class Query:
    """What to look for, and how much of it to return."""

    text: str
    top_k: int
    threshold: float
    only_fields: tuple[str, ...] | None


@dataclass(frozen=True)
class Score:
    """A memory's score in all and by signal, each 0 to 1."""

    key: int
    total: float
    breakdown: dict[str, float]


def search(
    connection: sqlite3.Connection, chosen: Selection, query: Query, vectors: VectorIndex | None
) -> list[Record]:
    """Return the chosen memories that answer the query best, the best first.

    With a threshold of 0 every chosen memory is an answer; the newer one comes first where scores are equal.
    """
    keys = selection.keys(connection, chosen)
    words = lexical.scores(connection, query.text, keys)
    # Scores are made for the answers alone: of ten thousand memories, making them all would take most of the time.
    if vectors is None:
        leading = nlargest(query.top_k, keys, key=lambda key: words.get(key, 0.0))
        scores = [_by_words(key, words) for key in leading]
    else:
        cosines = vectors.cosines(connection, chosen.project, query.text, keys) if keys else {}
        leading = nlargest(query.top_k, keys, key=lambda key: cosines[key] + _WORDS_SHARE * words.get(key, 0.0))
        scores = [_by_meaning(key, cosines[key], words.get(key, 0.0)) for key in leading]
    best = [score for score in scores if score.total >= query.threshold]
    rows = selection.by_keys(connection, [score.key for score in best])
    return [
        records.restricted(records.found(row, score.total, score.breakdown), query.only_fields)
        for row, score in zip(rows, best, strict=True)
    ]


def calibrated(cosine: float) -> float:
    """Spread a sentence encoder's cosine over 0 to 1, so that a threshold of 0.3 means what it does on Mem0."""
    return 1 / (1 + math.exp(-(cosine - _MIDDLE) / _WIDTH))


def _by_words(key: int, words: dict[int, float]) -> Score:
    score = round(words.get(key, 0.0), 6)
    return Score(key, score, {"semantic": 0.0, "bm25": score, "entity": 0.0})


def _by_meaning(key: int, cosine: float, words: float) -> Score:
    breakdown = {"semantic": round(calibrated(cosine), 6), "bm25": round(words, 6), "entity": 0.0}
    return Score(key, round(calibrated(cosine + _WORDS_SHARE * words), 6), breakdown)
