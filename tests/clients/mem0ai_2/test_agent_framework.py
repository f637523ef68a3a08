"""The Mem0 context of Microsoft's agent framework, in an agent whose model is scripted."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

pytest.importorskip(
    "agent_framework_mem0", reason="agent-framework-mem0 is not installed here: scripts/test-elsewhere runs it"
)

from agent_framework import Agent, BaseChatClient, ChatResponse, Message
from agent_framework_mem0 import Mem0ContextProvider
from mem0 import AsyncMemoryClient

from modulex_mem0.sandbox import RunningSandbox


class _Parrot(BaseChatClient):  # type: ignore[misc, unused-ignore]
    """A model that answers with everything that it was sent."""

    async def _inner_get_response(
        self, *, messages: Sequence[Any], stream: bool, options: Mapping[str, Any], **_: Any
    ) -> Any:
        return ChatResponse(messages=Message("assistant", ["\n".join(message.text for message in messages)]))


@pytest.fixture
async def client(sandbox: RunningSandbox) -> AsyncIterator[Any]:
    async with AsyncMemoryClient(api_key=sandbox.api_key, host=sandbox.base_url) as made:
        yield made


def _agent(client: Any, **scope: str) -> Any:
    return Agent(_Parrot(), context_providers=[Mem0ContextProvider(mem0_client=client, **scope)])


async def _texts(client: Any, **ids: str) -> list[str]:
    return sorted(record["memory"] for record in (await client.get_all(filters=ids))["results"])


async def test_what_an_agent_hears_is_stored_and_reaches_its_next_run(client: Any) -> None:
    alice = _agent(client, user_id="alice", search_user_id="alice", application_id="shop")
    await alice.run("I love hiking in the Alps.")
    # Its scope is in the `filters` of the add.
    [record] = (await client.get_all(filters={"user_id": "alice"}))["results"]
    assert (record["memory"], record["app_id"]) == ("I love hiking in the Alps", "shop")
    answer = await alice.run("Where should I go hiking?")
    assert "Consider the following memories" in answer.text
    assert "I love hiking in the Alps" in answer.text
    bob = _agent(client, user_id="bob", search_user_id="bob")
    assert "Alps" not in (await bob.run("Where should I go hiking?")).text


async def test_an_agents_memories_are_shared_if_asked_for(client: Any) -> None:
    await _agent(client, agent_id="guide").run("The museum is closed on Mondays.")
    assert "The museum is closed on Mondays" in await _texts(client, agent_id="guide")
    asking = _agent(client, user_id="bob", search_user_id="bob", search_agent_id="guide")
    assert "closed on Mondays" in (await asking.run("When is the museum closed?")).text


async def test_the_provider_makes_its_own_client_and_closes_it(
    built_in_address: dict[str, str], monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    for name, value in built_in_address.items():
        monkeypatch.setenv(name, value)
    async with Mem0ContextProvider(api_key=built_in_address["MEM0_API_KEY"], user_id="carol") as provider:
        await Agent(_Parrot(), context_providers=[provider]).run("I drink tea.")
    assert "I drink tea" in await _texts(client, user_id="carol")


async def test_a_failing_search_leaves_the_agent_running(client: Any, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": "/v3/memories/search/", "status": 503})
    assert "Hello" in (await _agent(client, user_id="alice", search_user_id="alice").run("Hello!")).text
