"""Facts about one person, and questions that paraphrase them: `tests/data/retrieval.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Question", "QuestionSet", "load_questions"]

_FILE = Path(__file__).parents[2] / "tests" / "data" / "retrieval.json"


@dataclass(frozen=True)
class Question:
    """A question, and the one fact that answers it."""

    ask: str
    answer: str


@dataclass(frozen=True)
class QuestionSet:
    """Everything that is remembered, and everything that is asked."""

    facts: list[str]
    questions: list[Question]


def load_questions() -> QuestionSet:
    """Read the set."""
    data = json.loads(_FILE.read_text("utf-8"))
    facts: list[str] = data["facts"]
    return QuestionSet(facts, [Question(item["ask"], facts[item["fact"]]) for item in data["questions"]])
