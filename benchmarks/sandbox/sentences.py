"""Sentences that a person might say, no two of them the same."""

from __future__ import annotations

import random

__all__ = ["Sentences"]

_VERBS = ("bought", "lost", "painted", "borrowed", "repaired", "sold", "found", "admired", "forgot", "inherited")
_THINGS = (
    "guitar", "bicycle", "kettle", "novel", "lamp", "camera", "carpet", "violin", "boat", "clock", "scarf", "map",
    "mirror", "telescope", "chessboard", "suitcase", "ladder", "piano", "tent", "umbrella",
)  # fmt: skip
_PLACES = ("Oslo", "Lisbon", "Kyoto", "Quito", "Cairo", "Dublin", "Perth", "Lima", "Turin", "Bergen", "Accra", "Riga")
_PEOPLE = ("my aunt", "a colleague", "my dentist", "an old friend", "the neighbour", "my cousin", "a stranger")
_ASKED = ("Who was there when I {} the {}?", "In which city is the {1} that I {0}?", "Did I ever mention a {1}?")


class Sentences:
    """Makes them by chance, the same ones from the same source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._said = 0

    def fact(self) -> str:
        """Something to remember; the number makes it unlike all others."""
        self._said += 1
        verb, thing, place, person = map(self._chance.choice, (_VERBS, _THINGS, _PLACES, _PEOPLE))
        return f"I {verb} a {thing} in {place} with {person}, as number {self._said} on my list"

    def question(self) -> str:
        """Something to look for."""
        return self._chance.choice(_ASKED).format(self._chance.choice(_VERBS), self._chance.choice(_THINGS))
