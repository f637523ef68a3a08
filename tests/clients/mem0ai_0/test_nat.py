"""The Mem0 memory of NVIDIA's NeMo Agent Toolkit, made by the toolkit's own builder."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip(
    "nat.plugins.mem0ai.memory", reason="nvidia-nat-mem0ai is not installed here: scripts/test-elsewhere runs it"
)

from nat.builder.workflow_builder import WorkflowBuilder
from nat.memory.models import MemoryItem
from nat.plugins.mem0ai.memory import Mem0MemoryClientConfig

from modulex_mem0.sandbox import RunningSandbox


@pytest.fixture
async def memory(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    monkeypatch.setenv("MEM0_API_KEY", sandbox.api_key)
    async with WorkflowBuilder() as builder:
        config = Mem0MemoryClientConfig(host=sandbox.base_url, num_retries=2, retry_on_status_codes=[503])
        await builder.add_memory_client("memory", config)
        made = await builder.get_memory_client("memory")
        yield made
        await made._client.async_client.aclose()


def _item(user: str, text: str, **metadata: str) -> Any:
    return MemoryItem(
        conversation=[{"role": "user", "content": text}], user_id=user, tags=["a tag"], metadata=dict(metadata)
    )


async def test_items_are_added_found_and_removed(memory: Any) -> None:
    await memory.add_items(
        [
            _item("alice", "I love hiking in the Alps.", run_id="trip", topic="outdoors"),
            _item("alice", "I drink tea."),
            _item("bob", "I love hiking in the Andes."),
        ]
    )
    [found] = await memory.search("hiking", user_id="alice", top_k=1)
    assert (found.memory, found.user_id, found.metadata) == (
        "I love hiking in the Alps", "alice", {"topic": "outdoors"},
    )  # fmt: skip
    assert found.tags
    assert [item.memory for item in await memory.search("hiking", user_id="alice", run_id="trip")] == [found.memory]
    [record] = await memory._client.get_all(user_id="bob")
    await memory.remove_items(memory_id=record["id"])
    assert await memory.search("hiking", user_id="bob") == []
    await memory.remove_items(user_id="alice")
    assert await memory.search("tea", user_id="alice") == []


async def test_a_failure_reaches_the_workflow(memory: Any, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": "/v1/memories/search/", "status": 400})
    with pytest.raises(Exception, match="400 Bad Request"):
        await memory.search("tea", user_id="alice")
