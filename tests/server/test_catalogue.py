"""What the API shows and keeps: integrations, credentials and runs."""

import json
import sqlite3
from typing import Any

import httpx
import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import KEY
from tests.server.conftest import Console, Start

FETCH = "/v1/integrations/tiny/actions/fetch"


def test_integrations_and_manifests(client: httpx.Client) -> None:
    listed = client.get("/v1/integrations").json()
    shown = {integration["name"]: integration for integration in listed["integrations"]}
    assert shown["mem0"]["actions"] == 19
    assert shown["mem0"]["categories"][0] == "AI & Machine Learning"
    assert shown["tiny"]["display_name"] == "Tiny"
    manifest = client.get("/v1/integrations/mem0").json()
    assert manifest["auth_schemes"][0]["setup_steps"]
    assert {"add_memories", "search_memories", "get_memories"} <= {action["name"] for action in manifest["actions"]}
    unknown = client.get("/v1/integrations/memo")
    assert (unknown.status_code, unknown.json()["success"]) == (404, False)


def test_the_life_of_a_credential(client: httpx.Client, server: ScriptedServer) -> None:
    server.script(json_reply({"status": "ok"}), json_reply({"detail": "no such key"}, 401))
    body: dict[str, Any] = {"integration": "tiny", "values": {"api_key": KEY, "base_url": server.url}, "default": True}
    stored = client.put("/v1/credentials/work", json=body)
    assert stored.status_code == 200
    expected = {
        "name": "work", "integration": "tiny", "scheme": "api_key", "fields": ["api_key", "base_url"], "default": True,
        "saved_at": stored.json()["saved_at"], "tested_at": None, "test_passed": None, "temporary": False,
    }  # fmt: skip
    assert stored.json() == expected
    passed = client.post("/v1/integrations/tiny/test", json={"credential": "work"})
    assert passed.json() == {"success": True, "error": None}
    assert client.get("/v1/credentials/work").json()["test_passed"] is True
    failed = client.post("/v1/integrations/tiny/test")
    assert (failed.status_code, failed.headers["modulex-error-code"]) == (401, "unauthorized")
    assert "no such key" in failed.json()["error"]
    assert client.get("/v1/credentials/work").json()["test_passed"] is False
    names = [credential["name"] for credential in client.get("/v1/credentials").json()["credentials"]]
    assert names == ["work", "sandbox"]
    assert client.delete("/v1/credentials/work").json() == {"success": True, "error": None}
    assert client.get("/v1/credentials/work").status_code == 404
    assert client.delete("/v1/credentials/work").status_code == 404


def test_a_given_credential_is_tested_and_not_stored(client: httpx.Client, server: ScriptedServer) -> None:
    server.script(json_reply({"status": "ok"}))
    values = {"api_key": KEY, "base_url": server.url}
    assert client.post("/v1/integrations/tiny/test", json={"values": values}).status_code == 200
    headers = {"Modulex-Field-Api-Key": KEY, "Modulex-Field-Base-Url": server.url}
    assert client.post("/v1/integrations/tiny/test", headers=headers).status_code == 200
    assert [c["name"] for c in client.get("/v1/credentials").json()["credentials"]] == ["sandbox"]
    assert client.post("/v1/integrations/mem0/test", json={"credential": "sandbox"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 422, "integration: must be"),
        ({"integration": "tiny"}, 422, "values: must be"),
        ({"integration": "tinyy", "values": {}}, 422, "did you mean 'tiny'?"),
        ({"integration": "tiny", "values": {}}, 401, "is missing or empty"),
        ({"integration": "tiny", "values": {"api_key": 5}}, 422, "must be text"),
        ({"integration": "tiny", "values": {"api_key": "tk-1\n"}, "defualt": True}, 422, "unknown field"),
        ({"integration": "tiny", "values": {"api_key": KEY}, "default": "yes"}, 422, "default: must be"),
        ({"integration": "mem0", "values": {"api_key": KEY}}, 409, "taken by a credential of tiny"),
    ],
)
def test_a_credential_that_cannot_be_stored_changes_nothing(
    client: httpx.Client, body: dict[str, Any], status: int, message: str
) -> None:
    before = client.put("/v1/credentials/work", json={"integration": "tiny", "values": {"api_key": KEY}}).json()
    answered = client.put("/v1/credentials/work", json=body)
    assert answered.status_code == status
    assert message in answered.json()["error"]
    assert client.get("/v1/credentials/work").json() == before


@pytest.mark.parametrize("name", ["a%20b", "..%2Fx", "%C3%A4", "x" * 65])
def test_a_name_that_cannot_be_one(client: httpx.Client, name: str) -> None:
    body = {"integration": "tiny", "values": {"api_key": KEY}}
    assert client.put(f"/v1/credentials/{name}", json=body).status_code in (404, 422)
    assert len(client.get("/v1/credentials").json()["credentials"]) == 1


def test_a_damaged_store_is_reported_and_kept(console: Console, client: httpx.Client) -> None:
    console.directory.mkdir(exist_ok=True)
    console.store.path.write_text("damaged")
    for answered in (
        client.get("/v1/credentials"),
        client.put("/v1/credentials/a", json={"integration": "tiny", "values": {"api_key": KEY}}),
        client.delete("/v1/credentials/a"),
    ):
        assert answered.status_code == 500
        assert "is damaged" in answered.json()["error"]
    assert console.store.path.read_text() == "damaged"


def test_runs_say_when_what_how_long_and_how_it_ended_without_inputs(
    console: Console, client: httpx.Client, server: ScriptedServer
) -> None:
    server.script(json_reply({}))
    own = {"Modulex-Field-Api-Key": KEY, "Modulex-Field-Base-Url": server.url}
    client.post(FETCH, json={"path": "/private/"}, headers=own)
    client.post(FETCH, json={"path": "no slash"}, headers=own)
    client.post("/v1/integrations/mem0/actions/get_memories", json={"user_id": "alice"})
    runs = client.get("/v1/runs").json()["runs"]
    assert [(run["action"], run["outcome"], run["credential"], run["source"]) for run in runs] == [
        ("get_memories", "success", "sandbox", "rest"),
        ("fetch", runs[1]["outcome"], None, "rest"),
        ("fetch", "success", None, "rest"),
    ]
    assert runs[1]["outcome"] != "success"
    assert all(run["input"] is None and run["duration_ms"] > 0 for run in runs)
    assert runs[0]["started_at"] >= runs[2]["started_at"]
    assert [run["id"] for run in client.get("/v1/runs?limit=1").json()["runs"]] == [runs[0]["id"]]
    before = client.get("/v1/runs", params={"before": runs[0]["id"], "integration": "tiny"}).json()["runs"]
    assert before == runs[1:]
    kept = b"".join(path.read_bytes() for path in console.directory.glob("runs.sqlite*"))
    assert b"/private/" not in kept


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1001", "before=-1", "before=", "limit=%C2%B2"])
def test_a_query_that_cannot_be_used(client: httpx.Client, query: str) -> None:
    assert client.get(f"/v1/runs?{query}").status_code == 422


def test_inputs_are_kept_if_the_operator_says_so_and_runs_outlive_the_server(start: Start) -> None:
    with start(record_inputs=True) as console, console.client() as client:
        client.post(FETCH, json={"path": "/a/"}, headers={"Modulex-Field-Api-Key": ""})
        client.post(FETCH, json={"path": "/a/" + "x" * 30_000}, headers={"Modulex-Credential": "none"})
    with start() as console, console.client() as client:
        runs = client.get("/v1/runs").json()["runs"]
    assert [run["outcome"] for run in runs] == ["missing_credential", "missing_credential"]
    assert runs[1]["input"] == {"path": "/a/"}
    assert "omitted" in runs[0]["input"]


def test_a_file_of_runs_that_cannot_be_used_stops_no_call(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with start() as console:
        pass
    for path in console.directory.glob("runs.sqlite*"):
        path.unlink()
    (console.directory / "runs.sqlite").write_bytes(b"not a database, and long enough to be looked at" * 50)
    with start() as console, console.client() as client:
        client.post(FETCH, json={}, headers={"Modulex-Credential": "none"})
        assert len(client.get("/v1/runs").json()["runs"]) == 1
    assert "runs are kept in memory only" in caplog.text


def test_runs_are_bounded(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modulex_mem0.server.runs._KEPT", 3)
    with start() as console, console.client() as client:
        for _ in range(5):
            client.post(FETCH, json={}, headers={"Modulex-Credential": "none"})
            client.get("/v1/runs")
        assert len(client.get("/v1/runs").json()["runs"]) == 3
    with sqlite3.connect(console.directory / "runs.sqlite") as database:
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (3,)
    database.close()


def test_what_json_cannot_hold_is_sent_all_the_same(client: httpx.Client, server: ScriptedServer) -> None:
    body = rb'{"a": "\ud800", "b": NaN, "c": 1e999}'
    server.script(lambda exchange: exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body))
    own = {"Modulex-Field-Api-Key": KEY, "Modulex-Field-Base-Url": server.url}
    answered = client.post(FETCH, json={}, headers=own)
    assert answered.status_code in (200, 502)
    json.loads(answered.content, parse_constant=pytest.fail)
