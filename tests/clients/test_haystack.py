"""Haystack's memory store and components. The client is handed in: the store itself takes no address."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

pytest.importorskip(
    "haystack_integrations.memory_stores.mem0", reason="mem0-haystack is not installed: pip install --group clients"
)

from haystack import Pipeline
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret
from haystack_integrations.components.retrievers.mem0 import Mem0MemoryRetriever
from haystack_integrations.components.writers.mem0 import Mem0MemoryWriter
from haystack_integrations.memory_stores.mem0 import Mem0MemoryStore
from haystack_integrations.memory_stores.mem0.errors import Mem0MemoryStoreError
from mem0 import MemoryClient

from modulex_mem0.sandbox import RunningSandbox


@pytest.fixture
def store(sandbox: RunningSandbox) -> Iterator[Any]:
    made = Mem0MemoryStore(api_key=Secret.from_token(sandbox.api_key))
    made._client = MemoryClient(api_key=sandbox.api_key, host=sandbox.base_url)
    with closing(made._client.client):
        yield made


def _texts(messages: list[Any]) -> list[str]:
    return [message.text for message in messages]


def test_messages_are_stored_word_for_word_and_found(store: Any) -> None:
    said = [ChatMessage.from_user("I love hiking in the Alps"), ChatMessage.from_assistant("I drink tea")]
    added = store.add_memories(
        messages=said, user_id="alice", agent_id="bot", infer=False, metadata={"topic": "outdoors"}
    )
    assert [entry["memory"] for entry in added] == ["I love hiking in the Alps", "I drink tea"]
    [found] = store.search_memories(query="hiking", user_id="alice", threshold=0.5)
    assert found.text == "I love hiking in the Alps"
    assert found.meta["topic"] == "outdoors"
    assert found.meta["mem0"]["memory_id"] == added[0]["memory_id"]
    assert (found.meta["mem0"]["user_id"], found.meta["mem0"]["agent_id"]) == ("alice", "bot")
    assert found.meta["mem0"]["score"] > 0.5
    assert store.search_memories(query="hiking", user_id="bob") == []


def test_haystacks_filters_are_understood(store: Any) -> None:
    for number, topic in enumerate(("food", "food", "work")):
        store.add_memories(
            messages=[ChatMessage.from_user(f"memory {number}")],
            user_id="alice",
            infer=False,
            metadata={"topic": topic},
        )
    food = {"field": "metadata.topic", "operator": "==", "value": "food"}
    assert sorted(_texts(store.search_memories(filters=food, user_id="alice"))) == ["memory 0", "memory 1"]
    other = {"operator": "NOT", "conditions": [food]}
    assert _texts(store.search_memories(filters=other, user_id="alice")) == ["memory 2"]


def test_a_pipeline_writes_and_another_reads(store: Any) -> None:
    writing, reading = Pipeline(), Pipeline()
    writing.add_component("writer", Mem0MemoryWriter(memory_store=store, infer=False))
    reading.add_component("retriever", Mem0MemoryRetriever(memory_store=store, top_k=1))
    said = [ChatMessage.from_user("My bicycle is red"), ChatMessage.from_user("My cat is grey")]
    written = writing.run({"writer": {"messages": said, "user_id": "alice"}})
    assert written["writer"]["memories_written"] == 2
    read = reading.run({"retriever": {"query": "What colour is my bicycle?", "user_id": "alice"}})
    assert _texts(read["retriever"]["memories"]) == ["My bicycle is red"]


def test_a_refusal_becomes_the_stores_error(store: Any) -> None:
    with pytest.raises(Mem0MemoryStoreError, match="must be compared with YYYY-MM-DD"):
        store.search_memories(
            query="x", filters={"field": "created_at", "operator": ">", "value": "soon"}, user_id="alice"
        )
