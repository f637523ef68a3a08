"""Hit rates: how often the right memory comes first, or among the first five: `python -m benchmarks.sandbox.retrieval`.

Every fact of `tests/data/retrieval.json` is stored word for word for one user, and every question is sent to the search
route over HTTP. A question shares few words with the fact that answers it, so the lexical figures show what words alone
can do.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from benchmarks.sandbox import available_modes
from modulex_mem0.sandbox import SearchMode, running_sandbox

__all__ = ["Hits", "measure"]

_DATA = Path(__file__).parents[2] / "tests" / "data" / "retrieval.json"
_USER = {"user_id": "asker"}


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


def measure(mode: SearchMode) -> Hits:
    """Send every question to a fresh sandbox that remembers every fact."""
    data = json.loads(_DATA.read_text("utf-8"))
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
    count = len(questions)
    return Hits(mode, len(facts), count, 1 - len(missed) / count, among_five / count, missed)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox.retrieval", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON, with the questions that were missed")
    as_json = parser.parse_args().json
    hits = [measure(mode) for mode in available_modes()]
    if as_json:
        print(json.dumps([asdict(found) for found in hits], indent=2))
        return
    print(f"{hits[0].questions} questions over {hits[0].facts} facts\n{'mode':<10}{'hit@1':>8}{'hit@5':>8}")
    for found in hits:
        print(f"{found.mode:<10}{found.first:>8.1%}{found.among_five:>8.1%}")


if __name__ == "__main__":
    _main()
