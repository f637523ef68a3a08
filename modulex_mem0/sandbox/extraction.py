"""Finding the facts in a conversation by rule. There is no language model here.

Each sentence that states something becomes a fact, in the speaker's own words. Questions, greetings and thanks do
not. What the assistant says counts only where an agent is there to remember it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from modulex_mem0.sandbox.history import Message
from modulex_mem0.sandbox.scope import Scope

_ABBREVIATION = re.compile(r"\b(Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|approx)\.\s", re.IGNORECASE)
_KEPT_DOT = "\ue000 "  # private use: stands for a dot that ends no sentence
_BREAK = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|[\r\n]+")  # noqa: RUF001 - the full-width marks are meant
_BULLET = re.compile(r"^\s*(?:(?:[-*•]|\d+[.)])\s+)+")
_WORD = re.compile(r"\w+")
_PLEASANTRY = re.compile(
    r"(?:(?:hi|hello|hey|thanks|thank you|thx|ok|okay|sure|great|cool|nice|yes|no|yep|nope|please|bye|goodbye|welcome|"
    r"got it|sounds good|good (?:morning|afternoon|evening|night)|you're welcome|no problem|there|so much|again)\W*)+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fact:
    """Something worth keeping.

    Attributes:
        text: The fact, in the speaker's words.
        scope: Whose memory it is.
        input: The message it came from.
    """

    text: str
    scope: Scope
    input: tuple[Message, ...]


@dataclass(frozen=True)
class Hints:
    """Words that steer the extraction: keep only, or leave out, sentences that mention one of them."""

    includes: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()

    @classmethod
    def read(cls, includes: str | None, excludes: str | None) -> Hints:
        """Take the words from the two free texts of an add."""
        return cls(frozenset(_words(includes or "")), frozenset(_words(excludes or "")))

    def admit(self, text: str) -> bool:
        """Whether a sentence may be kept."""
        words = _words(text)
        return not words & self.excludes and (not self.includes or bool(words & self.includes))


def extract(messages: list[Message], scope: Scope, hints: Hints) -> list[Fact]:
    """Return the facts of a conversation, in order, none twice."""
    facts: dict[tuple[str, Scope], Fact] = {}
    for message in messages:
        owner = _owner(message["role"], scope)
        if owner is None:
            continue
        kept = {"role": message["role"], "content": message["content"]}
        for sentence in sentences(plain_text(message["content"])):
            if hints.admit(sentence):
                facts.setdefault((sentence, owner), Fact(sentence, owner, (kept,)))
    return list(facts.values())


def sentences(text: str) -> list[str]:
    """The sentences of ``text`` that state something, without their closing mark."""
    guarded = _ABBREVIATION.sub(lambda match: match.group(1) + _KEPT_DOT, text)
    pieces = (_BULLET.sub("", piece).replace(_KEPT_DOT, ". ").strip() for piece in _BREAK.split(guarded))
    return [piece.rstrip(".!。！ ") for piece in pieces if _states_something(piece)]  # noqa: RUF001


def plain_text(content: Any) -> str:  # noqa: ANN401 - text, or the parts of a multimodal message
    """The words of a message; pictures and documents are beyond these rules and yield none."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def _owner(role: str, scope: Scope) -> Scope | None:
    """Inferred memories carry the user or the agent, never both; app and run are on every one."""
    if role == "user":
        return Scope(scope.user_id, None if scope.user_id else scope.agent_id, scope.app_id, scope.run_id)
    if role == "assistant" and scope.agent_id:
        return Scope(None, scope.agent_id, scope.app_id, scope.run_id)
    return None


def _states_something(sentence: str) -> bool:
    if sentence.endswith(("?", "？")) or _PLEASANTRY.fullmatch(sentence):  # noqa: RUF001
        return False
    words = _WORD.findall(sentence)
    # Scripts without spaces put a whole sentence into one word.
    return len(words) >= 2 or (bool(words) and not words[0].isascii() and len(words[0]) >= 4)


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}
