"""The committed node and credentials under Node, with n8n's own n8n-workflow, against a real server and a sandbox.

harness.cjs stands in for n8n-core. The package in n8n itself is tested by `make test-editors`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import reply
from tests.hosts.n8n.conftest import Run
from tests.server.conftest import TOKEN, Console, serving

_PACKAGE = Path(__file__).parents[3] / "n8n"
_WRONG = "m0-wrong-key-0123456789"


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with serving(tmp_path / "home", record_inputs=True) as running:
        yield running


@pytest.fixture
def credential(console: Console, sandbox: RunningSandbox) -> dict[str, str]:
    return {
        "serverUrl": console.url,
        "serverToken": TOKEN,
        "api_key": sandbox.api_key,
        "base_url": sandbox.base_url,
    }


def _inputs(console: Console) -> list[dict[str, Any]]:
    """The inputs that arrived at the server, in order."""
    with console.client() as client:
        return [run["input"] for run in reversed(client.get("/v1/runs").json()["runs"])]


def _add(**more: Any) -> dict[str, Any]:
    messages = {"entries": [{"role": "user", "content": "I am a vegetarian."}]}
    return {"operation": "add_memories", "user_id": "alice", "messages": messages} | more


def test_what_is_added_is_found(
    run_node: Run, credential: dict[str, str], console: Console, sandbox: RunningSandbox
) -> None:
    wait = {"additionalFields": {"wait_for_completion": True}}
    added, found, whole, nothing = run_node(
        _PACKAGE,
        {
            "credential": credential,
            "parameters": _add(user_id="={{ $json.user }}", **wait),
            # What n8n adds to the calls of an agent is in the item, and stays there.
            "items": [{"user": "alice", "toolCallId": "1", "sessionId": "2", "chatInput": "x"}, {"user": 42}],
        },
        {"credential": credential, "parameters": _search("alice")},
        {"credential": credential, "parameters": _search("alice", splitIntoItems=False)},
        {"credential": credential, "parameters": _search("nobody")},
    )
    assert [item["pairedItem"] for item in added["items"]] == [{"item": 0}, {"item": 1}]
    assert [item["json"]["status"] for item in added["items"]] == ["SUCCEEDED", "SUCCEEDED"]
    (memory,) = found["items"]
    assert memory["json"]["memory"] == "I am a vegetarian"
    (item,) = whole["items"]
    assert item["json"]["search_results"] == [memory["json"]]
    assert nothing == {"items": []}
    first, second, *searches = _inputs(console)
    said = [{"role": "user", "content": "I am a vegetarian."}]
    assert first == {"user_id": "alice", "messages": said, "wait_for_completion": True}
    # A number where the action takes text.
    assert second["user_id"] == "42"
    assert searches[0] == {"user_id": "alice", "query": "vegetarian", "limit": 10}


def _search(user: str, **more: Any) -> dict[str, Any]:
    return {"operation": "search_memories", "user_id": user, "query": "vegetarian"} | more


def test_messages_come_as_json_or_text(run_node: Run, credential: dict[str, str], console: Console) -> None:
    given = ('[{"role": "user", "content": "Hi"}]', "={{ $json.conversation }}", "I cook.", "[{broken")
    items = [{"conversation": [{"role": "user", "content": "Hello"}]}]
    *good, broken = run_node(
        _PACKAGE,
        *(
            {
                "credential": credential,
                "parameters": _add(messagesSource="json", messagesJson=messages),
                "items": items,
            }
            for messages in given
        ),
    )
    assert all(len(result["items"]) == 1 for result in good)
    assert "is not valid JSON" in broken["error"]["message"]
    assert [arrived["messages"] for arrived in _inputs(console)] == [
        [{"role": "user", "content": "Hi"}],
        [{"role": "user", "content": "Hello"}],
        "I cook.",
        "[{broken",
    ]


def test_fields_that_were_left_alone_are_not_sent(run_node: Run, credential: dict[str, str], console: Console) -> None:
    run_node(
        _PACKAGE,
        {"credential": credential, "parameters": {"operation": "get_memories", "user_id": "alice"}},
        {
            "credential": credential,
            "parameters": {"operation": "update_memory", "user_id": "alice", "memory_id": "1", "text": "x"},
        },
        {
            "credential": credential,
            "parameters": _search("alice", additionalFields={"categories": "food, drinks", "filters": '{"a": 1}'}),
        },
    )
    listed, updated, searched = _inputs(console)
    assert listed == {"user_id": "alice", "limit": 10, "page": 1}
    assert updated == {"user_id": "alice", "memory_id": "1", "text": "x", "clear_expiration": False}
    assert (searched["categories"], searched["filters"]) == (["food", "drinks"], {"a": 1})


def test_a_value_that_got_lost_never_widens_what_is_deleted(
    run_node: Run, credential: dict[str, str], console: Console
) -> None:
    delete = {"operation": "delete_memories", "user_id": "alice", "confirm": True}
    kept, added, lost, other, left = run_node(
        _PACKAGE,
        {"credential": credential, "parameters": _add(additionalFields={"wait_for_completion": True})},
        {
            "credential": credential,
            "parameters": delete | {"additionalFields": {"agent_id": "a", "run_id": "={{ $json.nothing }}"}},
        },
        {"credential": credential, "parameters": delete | {"additionalFields": {"run_id": ""}}},
        {"credential": credential, "parameters": delete | {"user_id": "={{ $json.nothing }}", "everything": True}},
        {"credential": credential, "parameters": {"operation": "get_memories", "user_id": "alice"}},
    )
    assert "items" in kept
    for refused in (added, lost, other):
        assert refused["error"]["message"].startswith("invalid_input: ")
    assert len(left["items"]) == 1
    assert _inputs(console)[1]["run_id"] == ""


def test_a_refused_input_is_one_line_with_what_to_do_next(run_node: Run, credential: dict[str, str]) -> None:
    wildcard = {"credential": credential, "parameters": _search("={{ $json.user }}"), "items": [{"user": "*"}] * 2}
    stopped, continued = run_node(_PACKAGE, wildcard, wildcard | {"continueOnFail": True})
    line = "invalid_input: user_id: must be a single id; `*` would reach everyone's memories"
    assert stopped["error"] == {
        "name": "NodeApiError",
        "message": line,
        "description": "Correct the field that the message names, then call again.",
        "httpCode": "422",
        "itemIndex": 0,
    }
    assert [item["json"]["error"] for item in continued["items"]] == [line, line]
    # This is how n8n knows an item for the error branch.
    assert [(item["failed"], item["pairedItem"]) for item in continued["items"]] == [
        (line, {"item": 0}),
        (line, {"item": 1}),
    ]


def test_the_model_of_an_agent_does_not_choose_whose_memories(
    run_node: Run, credential: dict[str, str], console: Console
) -> None:
    chosen = (
        "={{ $json.user }}",
        "={{ $INPUT.item.json.user }}",
        "={{ 1\n && $fromAI('user') }}",
        "= {{ $data.user }}",
        # What the model fills in elsewhere on the form, and the item by its oldest name.
        "={{ $parameter.query }}",
        "={{ $items()[0].json.user }}",
    )
    fixed = ("bob", "={{ 'b' + 'ob' }}")
    results = run_node(
        _PACKAGE,
        *(
            {"credential": credential, "parameters": _search(user), "items": [{"user": "bob"}], "tool": True}
            for user in (*chosen, *fixed)
        ),
        # Elsewhere than in a tool, the item is the author's.
        {"credential": credential, "parameters": _search(chosen[0]), "items": [{"user": "bob"}]},
    )
    refused, passed = results[: len(chosen)], results[len(chosen) :]
    for result in refused:
        message = result["error"]["message"]
        assert message == "invalid_input: user_id: must not be the choice of the agent's model"
        assert "take it from a node by name" in result["error"]["description"]
    assert [result.get("error") for result in passed] == [None] * len(passed)
    assert [arrived["user_id"] for arrived in _inputs(console)] == ["bob", "bob", "bob"]
    # A tool has the whole output, so that a model is not left with nothing.
    (item,) = passed[0]["items"]
    assert item["json"]["search_results"] == []


def test_what_is_wrong_with_the_server_is_said(
    run_node: Run, credential: dict[str, str], sandbox: RunningSandbox
) -> None:
    gone, other, token, empty = run_node(
        _PACKAGE,
        *(
            {"credential": credential | changed, "parameters": _search("alice")}
            for changed in (
                {"serverUrl": "http://127.0.0.1:1"},
                {"serverUrl": sandbox.base_url},
                {"serverToken": "not the token"},
                {"api_key": " "},
            )
        ),
    )
    assert gone["error"]["message"] == "http://127.0.0.1:1 cannot be reached: ECONNREFUSED"
    assert "modulex-mem0 serve" in gone["error"]["description"]
    assert other["error"]["message"] == f"{sandbox.base_url} did not answer as modulex-mem0 serve does"
    assert token["error"]["message"] == "forbidden: the bearer token is not this server's"
    assert token["error"]["description"] == "Correct the server token in the credential."
    assert empty["error"]["message"] == "Mem0 API Key is empty"


def test_the_test_of_a_credential_reads_the_answer(
    run_node: Run, credential: dict[str, str], sandbox: RunningSandbox
) -> None:
    right, wrong, empty, newline, other, gone = run_node(
        _PACKAGE,
        *(
            {"test": credential | changed}
            for changed in (
                {},
                {"api_key": _WRONG},
                {"api_key": ""},
                {"api_key": "two\nlines"},
                {"serverUrl": f"{sandbox.base_url}/"},
                {"serverUrl": "http://127.0.0.1:1/"},
            )
        ),
    )
    assert right == {"status": "OK", "message": "Mem0 accepts this credential"}
    assert {result["status"] for result in (wrong, empty, newline, other, gone)} == {"Error"}
    assert wrong["message"].startswith("unauthorized: Invalid API key.")
    assert wrong["message"].endswith("Replace the credential: the service does not accept it.")
    assert empty["message"] == "Mem0 API Key is empty. Correct the credential."
    assert "store it on the server" in newline["message"]
    assert "did not answer as modulex-mem0 serve does" in other["message"]
    assert "cannot be reached: ECONNREFUSED" in gone["message"]


def test_a_good_status_alone_is_no_good_answer(run_node: Run, credential: dict[str, str]) -> None:
    bodies = (b'{"status": "ok"}', b'{"success": "true"}', b"OK", b"[]", b'{"success": null}')
    with ScriptedServer() as server:
        server.script(*(reply(200, body, content_type="application/json") for body in bodies for _ in range(2)))
        given = credential | {"serverUrl": server.url}
        results = run_node(_PACKAGE, *[{"test": given}, {"credential": given, "parameters": _search("alice")}] * 5)
    for tested, called in zip(results[::2], results[1::2], strict=True):
        assert tested["status"] == "Error"
        assert "did not answer as modulex-mem0 serve does" in called["error"]["message"]


def test_a_stored_credential_is_used_by_its_name(
    run_node: Run, credential: dict[str, str], console: Console, sandbox: RunningSandbox
) -> None:
    values = {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
    with console.client() as client:
        assert client.put("/v1/credentials/work", json={"integration": "mem0", "values": values}).is_success
    named = {"serverUrl": console.url, "serverToken": TOKEN, "credentialSource": "stored"}
    good, unnamed = run_node(
        _PACKAGE, {"test": named | {"storedCredential": "work"}}, {"test": named | {"storedCredential": ""}}
    )
    assert good["status"] == "OK"
    assert unnamed["status"] == "Error"


def test_the_key_goes_to_the_server_alone(run_node: Run, credential: dict[str, str]) -> None:
    own, other, relative = run_node(
        _PACKAGE,
        *(
            {"credential": credential, "sign": request}
            for request in (
                {"url": f"{credential['serverUrl']}/health"},
                {"url": "https://elsewhere.example/"},
                {"url": "/steal", "baseURL": "https://elsewhere.example"},
            )
        ),
    )
    assert own["headers"]["Modulex-Field-Api-Key"] == credential["api_key"]
    for refused in (other, relative):
        assert "alone" in refused["error"]["message"]
        assert credential["api_key"] not in json.dumps(refused)


def test_no_result_holds_a_key(run_node: Run, credential: dict[str, str]) -> None:
    given = credential | {"api_key": _WRONG}
    results = run_node(
        _PACKAGE,
        {"test": given},
        {"credential": given, "parameters": _search("alice")},
        {"credential": given, "parameters": _search("alice"), "continueOnFail": True},
        {"credential": given | {"serverUrl": "http://127.0.0.1:1"}, "parameters": _search("alice")},
    )
    text = json.dumps(results)
    assert "unauthorized" in text
    assert _WRONG not in text
    assert TOKEN not in text
