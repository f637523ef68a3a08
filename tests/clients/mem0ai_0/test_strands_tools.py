"""The Mem0 tool of Strands agents: a class for one tenant, and a function. Both have Mem0's address built in."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip(
    "strands_tools.mem0_memory", reason="strands-agents-tools is not installed here: scripts/test-elsewhere runs it"
)

from mem0 import MemoryClient
from strands_tools.mem0_memory import Mem0MemoryTool, mem0_memory

from modulex_mem0.sandbox import RunningSandbox

ALICE = {"user_id": "alice"}


@pytest.fixture
def client(sandbox: RunningSandbox, built_in_address: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Mem0's client beside the tool, which makes one for each call."""
    for name, value in {**built_in_address, "BYPASS_TOOL_CONSENT": "true"}.items():
        monkeypatch.setenv(name, value)
    made = MemoryClient(api_key=sandbox.api_key, host=sandbox.base_url)
    yield made
    made.client.close()


def _use(tool: Any, action: str, **given: Any) -> Any:
    """What the tool returns, or the text of its error."""
    result = tool({"toolUseId": "1", "input": {"action": action, **given}})
    text = result["content"][0]["text"]
    return json.loads(text) if result["status"] == "success" and text[:1] in "[{" else text


def test_the_tool_reads_and_deletes_the_memories_of_its_tenant(client: Any) -> None:
    alice, bob = Mem0MemoryTool(user_id="alice").mem0_memory, Mem0MemoryTool(user_id="bob").mem0_memory
    said = [{"role": "user", "content": "I love hiking in the Alps"}]
    [stored] = client.add(said, infer=False, metadata={"topic": "outdoors"}, **ALICE)["results"]
    assert [record["memory"] for record in _use(alice, "list")] == ["I love hiking in the Alps"]
    [found] = _use(alice, "retrieve", query="hiking")
    assert (found["id"], found["metadata"]) == (stored["id"], {"topic": "outdoors"})
    assert _use(alice, "get", memory_id=stored["id"])["user_id"] == "alice"
    assert [entry["event"] for entry in _use(alice, "history", memory_id=stored["id"])] == ["ADD"]
    assert (_use(bob, "list"), _use(bob, "retrieve", query="hiking")) == ([], [])
    for action in ("get", "history", "delete"):
        assert _use(bob, action, memory_id=stored["id"]).startswith("Error: ")
    assert _use(alice, "delete", memory_id=stored["id"]).endswith("deleted successfully")
    assert "Memory not found" in _use(alice, "get", memory_id=stored["id"])


def test_a_fact_is_stored_though_the_tool_cannot_read_the_reply(client: Any) -> None:
    agent = Mem0MemoryTool(agent_id="bot")
    # Its own fault: it wants the stored text of an add that the documented reply says is queued.
    answer = _use(agent.mem0_memory, "store", content="I answer in French", metadata={"n": 1, "user_id": "bob"})
    assert answer == "Error: object of type 'NoneType' has no len()"
    [record] = _use(agent.mem0_memory, "list")
    assert (record["memory"], record["agent_id"], record["metadata"]) == ("I answer in French", "bot", {"n": 1})


def test_the_function_takes_its_tenant_from_the_environment(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _use(mem0_memory, "list").startswith("Error: Either MEM0_USER_ID")
    monkeypatch.setenv("MEM0_USER_ID", "alice")
    client.add([{"role": "user", "content": "I drink tea"}], infer=False, **ALICE)
    [record] = _use(mem0_memory, "list")
    assert record["memory"] == "I drink tea"


def test_a_failure_is_the_tools_error(client: Any, sandbox: RunningSandbox) -> None:
    alice = Mem0MemoryTool(user_id="alice").mem0_memory
    sandbox.set_faults({"path": "/v1/memories/search/", "status": 429, "retry_after": 3})
    assert "429" in _use(alice, "retrieve", query="tea") or "rate limit" in _use(alice, "retrieve", query="tea").lower()
