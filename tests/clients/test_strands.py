"""The memory store of Strands agents."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("mem0_strands", reason="mem0-strands is not installed: pip install --group clients")

from mem0_strands import Mem0MemoryStore

from modulex_mem0.sandbox import RunningSandbox

Store = Callable[..., Any]


@pytest.fixture
def store(sandbox: RunningSandbox) -> Iterator[Store]:
    made: list[Any] = []

    def make(**options: Any) -> Any:
        made.append(Mem0MemoryStore(api_key=sandbox.api_key, host=sandbox.base_url, **options))
        return made[-1]

    yield make
    for each in made:
        if each._client is not None:
            each._client.mem0.client.close()


async def test_a_fact_is_kept_word_for_word_and_found(store: Store) -> None:
    alice = store(user_id="alice", metadata={"app": "test"})
    added = await alice.add("I love hiking in the Alps", {"topic": "outdoors"})
    [result] = added["results"]
    await alice.add("I drink tea")
    entries = await alice.search("hiking in the Alps", {"max_search_results": 1})
    [entry] = entries
    assert entry.content == "I love hiking in the Alps"
    assert entry.metadata["id"] == result["id"]
    assert (entry.metadata["user_id"], entry.metadata["topic"], entry.metadata["app"]) == ("alice", "outdoors", "test")
    assert 0 < entry.metadata["score"] <= 1
    assert await store(user_id="bob").search("hiking") == []


async def test_a_conversation_is_handed_over_for_extraction(store: Store) -> None:
    alice = store(user_id="alice", max_search_results=2)
    turns = [
        {"role": "user", "content": [{"text": "I moved to Oslo. What is the weather?"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "1", "name": "weather", "input": {}}}]},
    ]
    answer = await alice.add_messages(turns)
    assert answer["status"] == "PENDING"
    assert [entry.content for entry in await alice.search("Oslo")] == ["I moved to Oslo"]


async def test_the_services_refusal_reaches_the_agent(store: Store, sandbox: RunningSandbox) -> None:
    alice = store(user_id="alice")
    await alice.add("tea")
    sandbox.set_faults({"path": "/v3/memories/search/", "status": 429, "retry_after": 3})
    with pytest.raises(Exception, match="429") as caught:
        await alice.search("tea")
    assert type(caught.value).__name__ == "RateLimitError"
