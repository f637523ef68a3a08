"""Naming what a memory is about, by the words in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_WORD = re.compile(r"\w+")
_NONE = ("misc",)

_DEFAULT: dict[str, str] = {
    "personal_details": "name age born birthday live lives living moved move address home married single called",
    "family": "mother father mom dad parents sister brother wife husband son daughter child children kids family",
    "professional_details": "work works working job career company engineer manager developer teacher office colleague"
    " team project meeting employer profession doctor nurse lawyer",
    "sports": "run running football soccer tennis basketball gym marathon swim swimming cycling yoga sport climbing",
    "travel": "travel trip flight hotel vacation holiday visit visiting visited airport seat abroad journey",
    "food": "eat eats food vegan vegetarian pizza restaurant cook cooking coffee tea allergic allergy diet dinner lunch"
    " breakfast sushi cheese chocolate shellfish nuts",
    "music": "music song band guitar piano concert album singer jazz playlist",
    "health": "health doctor allergic allergy medicine sick illness sleep diabetes therapy hospital headache",
    "technology": "computer laptop phone software code coding python programming app ai linux keyboard",
    "hobbies": "hobby hiking reading painting gardening photography chess games gaming knitting fishing",
    "fashion": "wear wears clothes shoes dress fashion jacket style",
    "entertainment": "movie movies film films series show tv netflix book books podcast",
    "milestones": "graduated graduation promotion promoted anniversary engaged retired won award",
    "user_preferences": "like likes love loves prefer prefers favourite favorite enjoy enjoys hate hates dislike"
    " dislikes want wants avoid avoids",
    "finance": "money budget bank invoice salary mortgage invest investment tax savings",
}
_CATALOGUE = {name: frozenset(words.split()) for name, words in _DEFAULT.items()}


def categorize(text: str, custom: Sequence[Mapping[str, Any]] | None = None) -> tuple[str, ...]:
    """Name the categories of a memory.

    Args:
        text: The memory.
        custom: Objects of category name to description, which replace the usual ones. The words of both count.

    Returns:
        The names in the catalogue's order; ``misc`` alone if none fits.
    """
    catalogue = _CATALOGUE if custom is None else _custom(custom)
    words = {word.casefold() for word in _WORD.findall(text)}
    return tuple(name for name, telling in catalogue.items() if words & telling) or _NONE


def _custom(catalogue: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    return {
        name: frozenset(
            word.casefold() for word in _WORD.findall(f"{name.replace('_', ' ')} {description}") if len(word) > 3
        )
        for entry in catalogue
        for name, description in entry.items()
    }
