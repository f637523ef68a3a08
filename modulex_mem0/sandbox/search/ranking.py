"""Ranks memories against a query: by words, or by meaning with a small share for the words.

FTS5 finds which memories contain which words. The weights are computed here, over the memories that the client may
see: FTS5's own rank counts over every project of the file, and is almost nothing in a small one.
"""

import math
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest

from modulex_mem0.sandbox.search.selection import Selection
from modulex_mem0.sandbox.search.vectors import VectorIndex
from modulex_mem0.sandbox.store.memories import Record, only_fields, record_in_search

__all__ = ["Query", "search"]

# Measured on hard paraphrases: a larger share for the words, or merging ranks, finds less than meaning alone.
_WORDS_SHARE = 0.05
_MIDDLE, _WIDTH = 0.18, 0.05

_MOST_TERMS = 32
_SHORTEST_PREFIX = 4
_PREFIX_QUALITY = 0.6  # of a match by prefix; a whole word has 1
_UNFOUND_WEIGHT = 0.5  # of a word that no memory contains
_STEEPNESS = 2.0
_WORD = re.compile(r"\w+")
_COMMON = frozenset(
    _WORD.findall(
        "a an and are as at be been but by can could did do does for from had has have he her him his how i in is it"
        " its me my of on or our she should so some than that the their them then there these they this those to up us"
        " user was we were what when where which who whom whose why will with would you your about any tell s t m re"
    )
)


@dataclass(frozen=True)
class Query:
    """The search text and which results to return."""

    text: str
    top_k: int
    threshold: float
    only_fields: tuple[str, ...] | None


@dataclass(frozen=True)
class _Score:
    """A memory's total score and its parts, each from 0 to 1."""

    key: int
    total: float
    breakdown: dict[str, float]


def search(
    connection: sqlite3.Connection, selection: Selection, query: Query, vectors: VectorIndex | None
) -> list[Record]:
    """Return the selected memories that match the query best, best first.

    With a threshold of 0 every selected memory is a result; of equal scores the newer memory comes first.
    """
    keys = selection.keys(connection)
    words = _word_scores(connection, query.text, keys)
    # Scores are built for the results alone: for ten thousand memories, building all would take most of the time.
    if vectors is None:
        leading = nlargest(query.top_k, keys, key=lambda key: words.get(key, 0.0))
        scores = [_lexical_score(key, words) for key in leading]
    elif keys:
        extra = {key: _WORDS_SHARE * weight for key, weight in words.items()}
        nearest = vectors.nearest(connection, selection.project, query.text, keys, extra=extra, count=query.top_k)
        scores = [_semantic_score(key, cosine, words.get(key, 0.0)) for key, cosine in nearest]
    else:
        scores = []
    best = [score for score in scores if score.total >= query.threshold]
    rows = [connection.execute("SELECT * FROM memories WHERE pk = ?", (score.key,)).fetchone() for score in best]
    return [
        only_fields(record_in_search(row, score.total, score.breakdown), query.only_fields)
        for row, score in zip(rows, best, strict=True)
    ]


def _lexical_score(key: int, words: dict[int, float]) -> _Score:
    score = round(words.get(key, 0.0), 6)
    return _Score(key, score, {"semantic": 0.0, "bm25": score, "entity": 0.0})


def _semantic_score(key: int, cosine: float, words: float) -> _Score:
    breakdown = {"semantic": round(_calibrated(cosine), 6), "bm25": round(words, 6), "entity": 0.0}
    return _Score(key, round(_calibrated(cosine + _WORDS_SHARE * words), 6), breakdown)


def _calibrated(cosine: float) -> float:
    """Spread a sentence encoder's cosine over 0 to 1, so that a threshold of 0.3 means what it does on Mem0."""
    return 1 / (1 + math.exp(-(cosine - _MIDDLE) / _WIDTH))


def _word_scores(connection: sqlite3.Connection, query: str, keys: Sequence[int]) -> dict[int, float]:
    """Weigh how many of the query's significant words each memory contains.

    Args:
        connection: The database.
        query: The search text.
        keys: Primary keys of the memories to weigh.

    Returns:
        For each memory with any of the words: 1.0 if it has all, less for fewer and for more common words.
    """
    candidates = set(keys)
    weights: dict[int, float] = {}
    total = 0.0
    for term in _terms(query):
        matches = _matches(connection, term, candidates)
        rarity = math.log(1 + (len(candidates) - len(matches) + 0.5) / (len(matches) + 0.5))
        total += rarity if matches else rarity * _UNFOUND_WEIGHT
        for key, quality in matches.items():
            weights[key] = weights.get(key, 0.0) + rarity * quality
    return {key: _saturated(weight / total) for key, weight in weights.items()}


def _terms(query: str) -> list[str]:
    """The distinct words of a query without common ones; all words if nothing else is left."""
    words = list(dict.fromkeys(_WORD.findall(query.casefold())))
    return [word for word in words if word not in _COMMON][:_MOST_TERMS] or words[:_MOST_TERMS]


def _matches(connection: sqlite3.Connection, term: str, candidates: set[int]) -> dict[int, float]:
    # A quoted term is a literal to FTS5, whatever it contains; \w admits no quote.
    found: dict[int, float] = {}
    if len(term) >= _SHORTEST_PREFIX:
        found = dict.fromkeys(_containing(connection, f'"{term}"*') & candidates, _PREFIX_QUALITY)
    return found | dict.fromkeys(_containing(connection, f'"{term}"') & candidates, 1.0)


def _containing(connection: sqlite3.Connection, match: str) -> set[int]:
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: a common word is in many thousands of rows
    return {key for (key,) in cursor.execute("SELECT rowid FROM memory_words WHERE memory_words MATCH ?", (match,))}


def _saturated(share: float) -> float:
    return min(1.0, -math.expm1(-_STEEPNESS * share) / -math.expm1(-_STEEPNESS))
