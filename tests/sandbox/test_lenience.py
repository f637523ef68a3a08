"""What a newer or careless client may send besides: the service ignores it, and so does the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Remember = Callable[..., str]
Listed = Callable[..., list[str]]
ALICE = {"user_id": "alice"}
EXTRA: dict[str, Any] = {"source": "TEST", "output_format": "v1.1", "latest_only": True, "unheard_of": {"a": [1, None]}}
QUERY = {"source": "TEST", "unheard_of": "1"}


def test_unknown_fields_of_body_and_query_are_ignored(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    identifier = remember("I like tea")
    text = {"messages": [{"role": "user", "content": "I like coffee.", "name": "al"}], **ALICE}
    memory = f"/v1/memories/{identifier}/"
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/v3/memories/add/", text),
        ("POST", "/v3/memories/search/", {"query": "tea", "filters": ALICE}),
        ("POST", "/v3/memories/", {"filters": ALICE}),
        ("PUT", memory, {"text": "I like green tea"}),
        ("PUT", "/v1/batch/", {"memories": [{"memory_id": identifier, "text": "I like green tea", **EXTRA}]}),
        ("POST", "/v1/feedback/", {"memory_id": identifier, "feedback": "POSITIVE"}),
        ("POST", "/v1/summary/", {"filters": ALICE}),
    ]
    for method, path, body in requests:
        reply = client.request(method, path, json={**body, **EXTRA}, params=QUERY)
        assert reply.status_code == 200, (path, reply.text)
    for path in ("/v1/ping/", memory, f"{memory}history/", "/v1/events/", "/v1/entities/", "/v2/entities/user/alice/"):
        assert client.get(path, params=QUERY).status_code == 200, path
    assert listed() == ["I like coffee", "I like green tea"]
    assert "unheard_of" not in client.get(memory).json()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_slash_in_a_memorys_id_leads_nowhere(client: httpx.Client, remember: Remember, method: str) -> None:
    identifier = remember("tea")
    for name in (f"{identifier}%2F", f"x%2F{identifier}", f"{identifier}%2F..%2F{identifier}"):
        assert client.request(method, f"/v1/memories/{name}/", json={"text": "x"}).status_code in {400, 404}
    assert client.get(f"/v1/memories/{identifier}/").json()["memory"] == "tea"


def test_a_route_below_an_entity_is_not_mistaken_for_its_name(client: httpx.Client, remember: Remember) -> None:
    remember("tea", user_id="alice/profile")
    for method in ("GET", "DELETE"):
        assert client.request(method, "/v2/entities/user/alice/profile/").json() == {"detail": "Not found."}
    [entity] = client.get("/v2/entities/user/alice%2Fprofile/").json()
    assert entity["name"] == "alice/profile"


def test_metadata_of_a_deletion_may_be_written_as_the_document_has_it(
    client: httpx.Client, remember: Remember, listed: Listed
) -> None:
    for source in ("a", "b"):
        remember(f"tea {source}", metadata={"source": source})
    reply = client.delete("/v1/memories/", params={**ALICE, "metadata[source]": "a"})
    assert reply.status_code == 200
    assert listed() == ["tea b"]


def test_an_update_may_backdate(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    identifier = remember("tea")
    changed = client.put(f"/v1/memories/{identifier}/", json={"timestamp": 1_700_000_000}).json()
    assert (changed["memory"], changed["created_at"]) == ("tea", "2023-11-14T22:13:20.000000Z")
    assert listed(start_date="2023-11-14", end_date="2023-11-14") == ["tea"]
    assert client.put(f"/v1/memories/{identifier}/", json={"timestamp": "noon"}).status_code == 400


@pytest.mark.parametrize(
    "change",
    [{"name": ["x"]}, {"multilingual": "perhaps"}, {"summary_batch_size": "many"}, {"custom_instructions": [1]}],
)
def test_a_setting_of_the_wrong_type_is_refused(client: httpx.Client, change: dict[str, Any]) -> None:
    account = client.get("/v1/ping/").json()
    path = f"/api/v1/orgs/organizations/{account['org_id']}/projects/{account['project_id']}/"
    before = client.get(path).json()
    reply = client.patch(path, json=change)
    assert (reply.status_code, list(reply.json())) == (400, list(change))
    assert client.get(path).json() == before
    lines = {"custom_instructions": ["Be brief.", "Be kind."]}
    assert client.patch(path, json=lines).status_code == 200
    assert client.get(path).json()["custom_instructions"] == "Be brief.\nBe kind."
