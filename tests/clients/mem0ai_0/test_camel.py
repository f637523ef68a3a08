"""CAMEL's storage in Mem0. It has Mem0's address built in, and logs what fails."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip(
    "camel.storages.key_value_storages.mem0_cloud",
    reason="camel-ai is not installed here: scripts/test-elsewhere runs it",
)

from camel.storages import Mem0Storage
from camel.types import OpenAIBackendRole

Storage = Callable[..., Any]


@pytest.fixture
def storage(built_in_address: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Storage:
    for name, value in built_in_address.items():
        monkeypatch.setenv(name, value)

    def make(**options: Any) -> Any:
        return Mem0Storage(**options)

    return make


def test_records_are_saved_and_cleared(storage: Storage) -> None:
    alice = storage(agent_id="bot", user_id="alice", metadata={"app": "test"})
    roles = {"I love hiking.": OpenAIBackendRole.USER, "I will remember that.": OpenAIBackendRole.ASSISTANT}
    alice.save([{"message": {"content": text}, "role_at_backend": role} for text, role in roles.items()])
    stored = alice.client.get_all(version="v2", filters={"OR": [{"user_id": "alice"}, {"agent_id": "bot"}]})
    assert {(one["memory"], one["user_id"], one["agent_id"]) for one in stored} == {
        ("I love hiking", "alice", None),
        ("I will remember that", None, "bot"),
    }
    assert {one["metadata"]["app"] for one in stored} == {"test"}
    alice.clear()
    assert [one["memory"] for one in alice.client.get_all(agent_id="bot")] == ["I will remember that"]
    storage(agent_id="bot").clear()
    assert alice.client.users()["count"] == 0


def test_records_of_a_user_and_an_agent_are_loaded(storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    alice = storage(agent_id="bot", user_id="alice")
    said = [{"role": "user", "content": "I drink tea"}]
    alice.client.add(said, user_id="alice", agent_id="bot", infer=False, metadata={"topic": "food"})
    [record] = alice.load()
    assert (record["message"]["content"], record["agent_id"], record["extra_info"]) == (
        "I drink tea", "bot", {"topic": "food"},
    )  # fmt: skip
    # Its own fault: a memory with no agent, which the service documents as null, loses all of them.
    alice.client.add(said, user_id="alice", infer=False)
    assert alice.load() == []
    assert "agent_id" in caplog.text
