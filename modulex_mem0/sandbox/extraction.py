"""The rules that stand in for Mem0's language model: facts from a conversation, and categories for a text.

Each sentence that states something becomes a fact, in the speaker's own words. Questions, greetings and thanks do
not. What the assistant says counts only if the add names an agent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from modulex_mem0.sandbox.store.entities import Scope
from modulex_mem0.sandbox.store.history import Message

__all__ = ["Fact", "Hints", "categorize", "extract"]

_ABBREVIATION = re.compile(r"\b(Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|approx)\.\s", re.IGNORECASE)
_KEPT_DOT = "\ue000 "  # private use: replaces a dot that ends no sentence
_BREAK = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|[\r\n]+")  # noqa: RUF001 - the full-width marks are meant
_BULLET = re.compile(r"^\s*(?:(?:[-*•]|\d+[.)])\s+)+")
_WORD = re.compile(r"\w+")
_PLEASANTRY = re.compile(
    r"(?:(?:hi|hello|hey|thanks|thank you|thx|ok|okay|sure|great|cool|nice|yes|no|yep|nope|please|bye|goodbye|welcome|"
    r"got it|sounds good|good (?:morning|afternoon|evening|night)|you're welcome|no problem|there|so much|again)\W*)+",
    re.IGNORECASE,
)

_CATEGORIES = {
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
_CATEGORY_WORDS = {name: frozenset(words.split()) for name, words in _CATEGORIES.items()}
_NO_CATEGORY = ("misc",)


@dataclass(frozen=True)
class Fact:
    """Something to remember.

    Attributes:
        text: The fact, in the speaker's words.
        scope: Whose memory it is.
        input: The message that it comes from.
    """

    text: str
    scope: Scope
    input: tuple[Message, ...]


@dataclass(frozen=True)
class Hints:
    """Words that limit the extraction to sentences that mention one of `includes` and none of `excludes`."""

    includes: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, includes: str | None, excludes: str | None) -> Self:
        """Take the words from the two free texts of an add."""
        return cls(frozenset(_words(includes or "")), frozenset(_words(excludes or "")))

    def admit(self, text: str) -> bool:
        """Whether a sentence may be kept."""
        words = _words(text)
        return not words & self.excludes and (not self.includes or bool(words & self.includes))


def extract(messages: Sequence[Message], scope: Scope, hints: Hints) -> list[Fact]:
    """Return the distinct facts of a conversation, in order."""
    facts: dict[tuple[str, Scope], Fact] = {}
    for message in messages:
        owner = _owner(message["role"], scope)
        if owner is None:
            continue
        kept = {"role": message["role"], "content": message["content"]}
        for sentence in _sentences(_plain_text(message["content"])):
            if hints.admit(sentence):
                facts.setdefault((sentence, owner), Fact(sentence, owner, (kept,)))
    return list(facts.values())


def categorize(text: str, custom: Sequence[Mapping[str, Any]] | None = None) -> tuple[str, ...]:
    """Name the categories of a memory by the words in it.

    Args:
        text: The memory.
        custom: Objects of category name to description, instead of Mem0's categories. The words of both count.

    Returns:
        The names in the order of the categories; `misc` alone if none fits.
    """
    categories = _CATEGORY_WORDS if custom is None else _custom_categories(custom)
    words = _words(text)
    return tuple(name for name, significant in categories.items() if words & significant) or _NO_CATEGORY


def _owner(role: str, scope: Scope) -> Scope | None:
    """Inferred memories carry the user or the agent, never both; all carry the app and the run."""
    if role == "user":
        return Scope(scope.user_id, None if scope.user_id else scope.agent_id, scope.app_id, scope.run_id)
    if role == "assistant" and scope.agent_id:
        return Scope(None, scope.agent_id, scope.app_id, scope.run_id)
    return None


def _plain_text(content: Any) -> str:  # noqa: ANN401 - text, or the parts of a multimodal message
    """The words of a message; the rules get none from pictures and documents."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def _sentences(text: str) -> list[str]:
    """The sentences of `text` that state something, without their final mark."""
    guarded = _ABBREVIATION.sub(lambda match: match.group(1) + _KEPT_DOT, text)
    pieces = (_BULLET.sub("", piece).replace(_KEPT_DOT, ". ").strip() for piece in _BREAK.split(guarded))
    return [piece.rstrip(".!。！ ") for piece in pieces if _states_something(piece)]  # noqa: RUF001


def _states_something(sentence: str) -> bool:
    if sentence.endswith(("?", "？")) or _PLEASANTRY.fullmatch(sentence):  # noqa: RUF001
        return False
    words = _WORD.findall(sentence)
    # In scripts without spaces a whole sentence is one word.
    return len(words) >= 2 or (bool(words) and not words[0].isascii() and len(words[0]) >= 4)


def _custom_categories(categories: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    return {
        name: frozenset(
            word.casefold() for word in _WORD.findall(f"{name.replace('_', ' ')} {description}") if len(word) > 3
        )
        for entry in categories
        for name, description in entry.items()
    }


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}
