"""How often the right memory comes first, or among the first five: ``python -m benchmarks.sandbox.retrieval``.

Every fact is stored word for word for one user, and every question is put to the search route over HTTP. A question
shares few words with the fact that answers it, so the lexical figures show what words alone can do.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import httpx

from benchmarks.sandbox.modes import available_modes
from benchmarks.sandbox.questions import QuestionSet, load_questions
from modulex_mem0.sandbox import SearchMode, running_sandbox

__all__ = ["Hits", "main", "measure"]

_USER = {"user_id": "asker"}
_PAGE = 5


@dataclass(frozen=True)
class Hits:
    """What one search mode found.

    Attributes:
        first: Share of the questions whose answer came first.
        among_five: Share of the questions whose answer was among the first five.
        missed: The questions whose answer did not come first.
    """

    mode: SearchMode
    facts: int
    questions: int
    first: float
    among_five: float
    missed: list[str]


def measure(mode: SearchMode, asked: QuestionSet) -> Hits:
    """Put every question to a fresh sandbox that remembers every fact."""
    ranks = []
    with (
        running_sandbox(delay=0, search_mode=mode) as sandbox,
        httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers, timeout=60) as client,
    ):
        messages = [{"role": "user", "content": fact} for fact in asked.facts]
        client.post("/v3/memories/add/", json={"messages": messages, "infer": False, **_USER}).raise_for_status()
        for question in asked.questions:
            body = {"query": question.ask, "filters": _USER, "top_k": _PAGE, "threshold": 0}
            reply = client.post("/v3/memories/search/", json=body).raise_for_status()
            found = [record["memory"] for record in reply.json()["results"]]
            ranks.append(found.index(question.answer) + 1 if question.answer in found else None)
    count = len(asked.questions)
    return Hits(
        mode=mode,
        facts=len(asked.facts),
        questions=count,
        first=sum(rank == 1 for rank in ranks) / count,
        among_five=sum(rank is not None for rank in ranks) / count,
        missed=[question.ask for question, rank in zip(asked.questions, ranks, strict=True) if rank != 1],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both modes and print a table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox.retrieval", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON, with the questions that were missed")
    options = parser.parse_args(arguments)
    asked = load_questions()
    hits = [measure(mode, asked) for mode in available_modes()]
    if options.json:
        lines = [json.dumps([asdict(entry) for entry in hits], indent=2)]
    else:
        lines = [
            f"{len(asked.questions)} questions over {len(asked.facts)} facts",
            f"{'mode':<10}{'hit@1':>8}{'hit@5':>8}",
        ]
        lines += [f"{entry.mode:<10}{entry.first:>8.1%}{entry.among_five:>8.1%}" for entry in hits]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
