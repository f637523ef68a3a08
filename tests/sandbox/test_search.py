"""Listing and searching memories."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

ALICE = {"user_id": "alice"}
Remember = Callable[..., str]
Listed = Callable[..., list[str]]


def _search(client: httpx.Client, query: str, **extra: Any) -> list[dict[str, Any]]:
    reply = client.post("/v3/memories/search/", json={"query": query, "filters": ALICE, **extra})
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["results"]
    return found


def _texts(records: list[dict[str, Any]]) -> list[str]:
    return [record["memory"] for record in records]


def _epoch(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


# -- list


def test_a_listed_memory_has_every_field_of_the_api(client: httpx.Client, remember: Remember) -> None:
    remember("I like tea", user_id="alice", run_id="r1")
    [record] = client.post("/v3/memories/", json={"filters": ALICE}).json()["results"]
    assert set(record) == {
        "id", "memory", "user_id", "agent_id", "app_id", "session_id", "metadata", "categories",
        "structured_attributes", "replaced_by", "synthesized", "expiration_date", "created_at", "updated_at",
    }  # fmt: skip
    assert (record["session_id"], record["agent_id"], record["metadata"]) == ("r1", None, None)
    assert datetime.fromisoformat(record["created_at"]).utcoffset() == timedelta(0)


def test_pages_are_linked(client: httpx.Client, remember: Remember) -> None:
    for number in range(5):
        remember(f"memory {number}")
    url: str | None = "/v3/memories/?page_size=2"
    seen: list[str] = []
    pages = []
    while url is not None:
        page = client.post(url, json={"filters": ALICE}).json()
        assert page["count"] == 5
        seen += _texts(page["results"])
        pages.append(page)
        url = page["next"]
        assert url is None or url.startswith(str(client.base_url))
    assert seen == [f"memory {number}" for number in (4, 3, 2, 1, 0)]
    assert [page["previous"] is None for page in pages] == [True, False, False]
    back = client.post(pages[2]["previous"], json={"filters": ALICE}).json()
    assert back["results"] == pages[1]["results"]


def test_the_page_may_be_in_the_body_but_the_query_takes_precedence(client: httpx.Client, remember: Remember) -> None:
    for number in range(3):
        remember(f"memory {number}")
    body = {"filters": ALICE, "page": 2, "page_size": 2}
    assert _texts(client.post("/v3/memories/", json=body).json()["results"]) == ["memory 0"]
    assert len(client.post("/v3/memories/?page=1", json=body).json()["results"]) == 2
    assert len(client.post("/v3/memories/?page=1&page_size=1", json=body).json()["results"]) == 1


def test_a_page_holds_200_at_most_and_100_by_default(client: httpx.Client) -> None:
    messages = [{"role": "user", "content": f"memory {number}"} for number in range(205)]
    client.post("/v3/memories/add/", json={"messages": messages, "infer": False, **ALICE})
    sizes = {
        size: len(client.post(f"/v3/memories/?page_size={size}", json={"filters": ALICE}).json()["results"])
        for size in ("", "0", "-1", "x", "200", "201", "1000000000000000000000000")
    }
    assert sizes == {"": 100, "0": 100, "-1": 100, "x": 100, "200": 200, "201": 200, "1000000000000000000000000": 100}


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "9" * 5000])
def test_a_page_that_does_not_exist_is_not_found(client: httpx.Client, remember: Remember, page: str) -> None:
    remember("only one")
    reply = client.post(f"/v3/memories/?page={page}", json={"filters": ALICE})
    assert reply.status_code == 404
    assert reply.json() == {"detail": "Invalid page."}


def test_the_first_page_of_nothing_is_empty(client: httpx.Client) -> None:
    reply = client.post("/v3/memories/", json={"filters": {"user_id": "unknown"}})
    assert reply.json() == {"count": 0, "next": None, "previous": None, "results": []}


def test_start_and_end_date_are_whole_days_both_included(remember: Remember, listed: Listed) -> None:
    start = _epoch("2024-12-31")
    for name, moment in {"before": start - 1, "first": start, "last": start + 86399, "after": start + 86400}.items():
        remember(name, timestamp=moment)
    assert listed(start_date="2024-12-31", end_date="2024-12-31") == ["first", "last"]
    assert listed(start_date="2024-12-31") == ["after", "first", "last"]
    assert listed(end_date="2024-12-31") == ["before", "first", "last"]
    # ... whereas in a filter the last day ends at its midnight.
    assert listed({**ALICE, "created_at": {"lte": "2024-12-31"}}) == ["before", "first"]


def test_keywords_categories_and_fields_narrow_a_list(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    remember("I eat PIZZA in Rome")
    remember("I eat pizza at home")
    remember("My guitar is in Rome")
    assert listed(keywords="rome pizza") == ["I eat PIZZA in Rome"]
    assert listed(categories=["music", "travel"]) == ["My guitar is in Rome"]
    reply = client.post("/v3/memories/", json={"filters": ALICE, "fields": ["id", "memory"]}).json()
    assert [set(record) for record in reply["results"]] == [{"id", "memory"}] * 3


def test_an_expired_memory_is_hidden_but_readable_by_id(
    client: httpx.Client, remember: Remember, listed: Listed
) -> None:
    today = datetime.now(UTC).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    gone = remember("tea of yesterday", expiration_date=yesterday.isoformat())
    remember("tea of tomorrow", expiration_date=tomorrow.isoformat())
    assert listed() == ["tea of tomorrow"]
    assert listed(show_expired=True) == ["tea of tomorrow", "tea of yesterday"]
    assert _texts(_search(client, "tea")) == ["tea of tomorrow"]
    assert len(_search(client, "tea", show_expired=True)) == 2
    assert client.get(f"/v1/memories/{gone}/").json()["expiration_date"] == yesterday.isoformat()
    early = (yesterday - timedelta(days=1)).isoformat()
    assert len(_search(client, "tea", reference_date=early)) == 2
    assert _search(client, "tea", reference_date=_epoch((tomorrow + timedelta(days=1)).isoformat())) == []


# -- search


def test_a_found_memory_has_every_field_of_the_api(client: httpx.Client, remember: Remember) -> None:
    remember("I like tea", user_id="alice", run_id="r1", metadata={"a": 1})
    [record] = _search(client, "tea")
    assert set(record) == {
        "id", "memory", "user_id", "agent_id", "app_id", "run_id", "score", "score_breakdown", "metadata", "categories",
        "created_at", "updated_at", "expiration_date",
    }  # fmt: skip
    assert record["run_id"] == "r1"
    assert 0 < record["score"] <= 1
    assert set(record["score_breakdown"]) == {"semantic", "bm25", "entity"}


def test_the_memory_with_more_of_the_significant_words_comes_first(client: httpx.Client, remember: Remember) -> None:
    for text in ("I like my green bicycle", "I like tea", "I like green tea in the morning", "My bicycle is old"):
        remember(text)
    found = _search(client, "Which green tea does she like?")
    assert _texts(found)[0] == "I like green tea in the morning"
    scores = [record["score"] for record in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert found[0]["score"] > 0.9


@pytest.mark.parametrize("query", ["hiking", "hikes", "HIKED", "hike!", "crème", "creme"])
def test_words_match_in_other_forms(client: httpx.Client, remember: Remember, query: str) -> None:
    remember("I was hiking with Crème brûlée")
    remember("I sleep")
    assert _texts(_search(client, query)) == ["I was hiking with Crème brûlée"]


def test_the_only_memory_of_a_project_is_found(client: httpx.Client, remember: Remember) -> None:
    remember("My favourite colour is teal")
    [record] = _search(client, "favourite colour", threshold=0.5)
    assert record["score"] > 0.5


def test_threshold_and_top_k_limit_the_results(client: httpx.Client, remember: Remember) -> None:
    for number in range(15):
        remember(f"tea number {number}")
    remember("something else")
    assert len(_search(client, "tea")) == 10
    assert len(_search(client, "tea", top_k=1000)) == 15
    assert len(_search(client, "tea", top_k=3)) == 3
    assert len(_search(client, "tea", top_k=1000, threshold=0)) == 16
    assert _search(client, "tea with honey and marmalade", threshold=0.99) == []


def test_categories_metadata_and_fields_narrow_a_search(client: httpx.Client, remember: Remember) -> None:
    remember("tea with pizza", metadata={"source": "a", "n": 1})
    remember("tea with a guitar", metadata={"source": "b"})
    assert _texts(_search(client, "tea", categories=["music"])) == ["tea with a guitar"]
    assert _texts(_search(client, "tea", metadata={"source": "a", "n": 1})) == ["tea with pizza"]
    assert _search(client, "tea", metadata={"source": "a", "n": 2}) == []
    assert [set(record) for record in _search(client, "tea", fields=["memory"])] == [{"memory"}] * 2
    assert len(_search(client, "tea", rerank=True)) == 2


@pytest.mark.parametrize("query", ['"', "tea OR NEAR(", "* AND", "memory:tea", "-tea", "'; DROP TABLE memories", "^"])
def test_a_query_has_no_operators(client: httpx.Client, remember: Remember, query: str) -> None:
    remember("tea")
    assert set(_texts(_search(client, query))) <= {"tea"}


def test_a_keywords_filter_in_a_search_fails_as_on_the_service(client: httpx.Client) -> None:
    filters = {"AND": [ALICE, {"keywords": {"icontains": "tea"}}]}
    assert client.post("/v3/memories/search/", json={"query": "tea", "filters": filters}).status_code == 500
    assert client.post("/v3/memories/", json={"filters": filters}).status_code == 200


SEARCH, LIST = "/v3/memories/search/", "/v3/memories/"


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (SEARCH, {"query": "x", "filters": ALICE, "user_id": "alice"}, "error"),
        (LIST, {"filters": ALICE, "run_id": "r"}, "error"),
        (SEARCH, {"filters": ALICE}, "query"),
        (SEARCH, {"query": "", "filters": ALICE}, "query"),
        (SEARCH, {"query": "  ", "filters": ALICE}, "query"),
        (SEARCH, {"query": ["x"], "filters": ALICE}, "query"),
        (SEARCH, {"query": "x"}, "filters"),
        (SEARCH, {"query": "x", "filters": {}}, "error"),
        (LIST, {}, "filters"),
        (LIST, {"filters": []}, "filters"),
        (SEARCH, {"query": "x", "filters": ALICE, "top_k": 0}, "top_k"),
        (SEARCH, {"query": "x", "filters": ALICE, "top_k": 1001}, "top_k"),
        (SEARCH, {"query": "x", "filters": ALICE, "top_k": 1.5}, "top_k"),
        (SEARCH, {"query": "x", "filters": ALICE, "threshold": 1.1}, "threshold"),
        (SEARCH, {"query": "x", "filters": ALICE, "threshold": "0.5"}, "threshold"),
        (SEARCH, {"query": "x", "filters": ALICE, "rerank": "maybe"}, "rerank"),
        (SEARCH, {"query": "x", "filters": ALICE, "reference_date": "soon"}, "reference_date"),
        (SEARCH, {"query": "x", "filters": ALICE, "metadata": "a"}, "metadata"),
        (LIST, {"filters": ALICE, "start_date": "2024-1-1"}, "start_date"),
        (LIST, {"filters": ALICE, "end_date": "2024-01-01T00:00:00Z"}, "end_date"),
        (LIST, {"filters": ALICE, "fields": "id"}, "fields"),
        (LIST, {"filters": ALICE, "categories": [1]}, "categories"),
    ],
)
def test_an_invalid_request_is_refused_with_the_field_named(
    client: httpx.Client, path: str, body: dict[str, Any], named: str
) -> None:
    reply = client.post(path, json=body)
    assert reply.status_code == 400
    assert list(reply.json()) == [named]
