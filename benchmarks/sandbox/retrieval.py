"""Hit rates: how often the right memory comes first, or among the first five: `python -m benchmarks.sandbox.retrieval`.

Every fact of `tests/data/retrieval.json` is stored word for word for one user, and every question is sent to the search
route over HTTP. A question shares few words with the fact that answers it, so the lexical figures show what words alone
can do. `tests/data/short_texts.json` has two sets of what a sentence encoder is bad at: single words, and negations.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.sandbox import available_modes
from modulex_mem0.sandbox import SearchMode, running_sandbox

__all__ = ["Hits", "measure"]

_DATA = Path(__file__).parents[2] / "tests" / "data"
_USER = {"user_id": "asker"}
_THRESHOLD = 0.3  # below it, Mem0's own command line shows nothing


@dataclass(frozen=True)
class Hits:
    """What one search mode found.

    Attributes:
        first: Share of the questions whose answer came first.
        among_five: Share of the questions whose answer was among the first five.
        words: Share of the single words that find their like with a score of 0.3 or more, and another word with less.
        negations: Share of the questions for which a negated fact comes before its plain counterpart.
        missed: The questions whose answer did not come first.
    """

    mode: SearchMode
    facts: int
    questions: int
    first: float
    among_five: float
    words: float
    negations: float
    missed: list[str]


def measure(mode: SearchMode) -> Hits:
    """Send every question to a fresh sandbox that remembers every fact."""
    data, short = _read("retrieval"), _read("short_texts")
    facts, questions = data["facts"], data["questions"]
    missed, among_five = [], 0
    with (
        running_sandbox(delay=0, search_mode=mode) as sandbox,
        httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers, timeout=60) as client,
    ):
        messages = [{"role": "user", "content": fact} for fact in facts]
        client.post("/v3/memories/add/", json={"messages": messages, "infer": False, **_USER}).raise_for_status()
        for question in questions:
            body = {"query": question["ask"], "filters": _USER, "top_k": 5, "threshold": 0}
            reply = client.post("/v3/memories/search/", json=body).raise_for_status()
            found = [record["memory"] for record in reply.json()["results"]]
            answer = facts[question["fact"]]
            among_five += answer in found
            if found[:1] != [answer]:
                missed.append(question["ask"])
        words = [_scores(client, f"word-{n}", w["ask"], w["near"], w["far"]) for n, w in enumerate(short["words"])]
        negations = [
            _scores(client, f"negation-{n}", c["ask"], c["right"], c["wrong"]) for n, c in enumerate(short["negations"])
        ]
    count = len(questions)
    return Hits(
        mode=mode,
        facts=len(facts),
        questions=count,
        first=1 - len(missed) / count,
        among_five=among_five / count,
        words=sum(right >= _THRESHOLD > wrong for right, wrong in words) / len(words),
        negations=sum(right > wrong for right, wrong in negations) / len(negations),
        missed=missed,
    )


def _scores(client: httpx.Client, user_id: str, ask: str, right: str, wrong: str) -> tuple[float, float]:
    """The scores of the right and of the wrong memory, the only two of a user of their own."""
    messages = [{"role": "user", "content": text} for text in (right, wrong)]
    body = {"messages": messages, "infer": False, "user_id": user_id}
    client.post("/v3/memories/add/", json=body).raise_for_status()
    body = {"query": ask, "filters": {"user_id": user_id}, "threshold": 0}
    found = client.post("/v3/memories/search/", json=body).raise_for_status().json()["results"]
    scores = {record["memory"]: record["score"] for record in found}
    return scores[right], scores[wrong]


def _read(name: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((_DATA / f"{name}.json").read_text("utf-8"))


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox.retrieval", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON, with the questions that were missed")
    as_json = parser.parse_args().json
    hits = [measure(mode) for mode in available_modes()]
    if as_json:
        print(json.dumps([asdict(found) for found in hits], indent=2))
        return
    print(f"{hits[0].questions} questions over {hits[0].facts} facts")
    print(f"{'mode':<10}{'hit@1':>8}{'hit@5':>8}{'words':>8}{'negations':>11}")
    for found in hits:
        print(f"{found.mode:<10}{found.first:>8.1%}{found.among_five:>8.1%}{found.words:>8.1%}{found.negations:>11.1%}")


if __name__ == "__main__":
    _main()
