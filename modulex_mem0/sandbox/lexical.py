"""Full-text scores between 0 and 1.

FTS5 finds which memories hold which words; the weighing is done here, over the memories that the caller may see and no
others. FTS5's own rank counts over every project of the file, and is next to nothing in a small one.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Sequence

MOST_TERMS = 32
_SHORTEST_PREFIX = 4
_BY_PREFIX = 0.6  # what half a word counts
_UNFOUND = 0.5  # what a word weighs that no memory holds
_STEEPNESS = 2.0
_WORD = re.compile(r"\w+")
_COMMON = frozenset(
    _WORD.findall(
        "a an and are as at be been but by can could did do does for from had has have he her him his how i in is it"
        " its me my of on or our she should so some than that the their them then there these they this those to up us"
        " user was we were what when where which who whom whose why will with would you your about any tell s t m re"
    )
)


def scores(connection: sqlite3.Connection, query: str, keys: Sequence[int]) -> dict[int, float]:
    """Weigh how many of the query's telling words each memory holds.

    Args:
        connection: The database.
        query: What is searched for, as anyone would write it.
        keys: Primary keys of the memories to weigh.

    Returns:
        For each memory that holds any of the words: 1.0 if it holds all, less the fewer and the more common they are.
    """
    candidates = set(keys)
    held: dict[int, float] = {}
    total = 0.0
    for term in terms(query):
        matches = _matches(connection, term, candidates)
        rarity = math.log(1 + (len(candidates) - len(matches) + 0.5) / (len(matches) + 0.5))
        total += rarity if matches else rarity * _UNFOUND
        for key, quality in matches.items():
            held[key] = held.get(key, 0.0) + rarity * quality
    return {key: _saturated(weight / total) for key, weight in held.items()}


def terms(query: str) -> list[str]:
    """The words of a query that tell something, each once; all words if none of them does."""
    words = list(dict.fromkeys(_WORD.findall(query.casefold())))
    return [word for word in words if word not in _COMMON][:MOST_TERMS] or words[:MOST_TERMS]


def _matches(connection: sqlite3.Connection, term: str, candidates: set[int]) -> dict[int, float]:
    # A quoted term is a literal to FTS5, whatever it spells; \w admits no quote.
    found: dict[int, float] = {}
    if len(term) >= _SHORTEST_PREFIX:
        found = dict.fromkeys(_rows(connection, f'"{term}"*') & candidates, _BY_PREFIX)
    return found | dict.fromkeys(_rows(connection, f'"{term}"') & candidates, 1.0)


def _rows(connection: sqlite3.Connection, match: str) -> set[int]:
    rows = connection.execute("SELECT rowid FROM memory_words WHERE memory_words MATCH ?", (match,))
    return {row[0] for row in rows}


def _saturated(share: float) -> float:
    return min(1.0, -math.expm1(-_STEEPNESS * share) / -math.expm1(-_STEEPNESS))
