"""The tools against a real server: what one of them stores, another finds."""

import json
from typing import Any

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")

from modulex_mem0.hosts.modulex import tools
from modulex_mem0.sandbox import RunningSandbox


async def _call(name: str, **arguments: Any) -> dict[str, Any]:
    output = await getattr(tools, name).ainvoke(arguments)
    assert json.loads(json.dumps(output)) == output
    return dict(output)


async def test_what_is_added_is_found_listed_changed_and_deleted(credential: dict[str, str]) -> None:
    messages = [{"role": "user", "content": "I am a vegetarian."}]
    added = await _call("add_memories", user_id="alice", messages=messages, wait_for_completion=True, **credential)
    assert (added["success"], added["status"]) == (True, "SUCCEEDED")

    found = await _call("search_memories", user_id="alice", query="vegetarian", **credential)
    assert found["ids"], found
    assert "vegetarian" in found["search_results"][0]["memory"]

    memory_id = found["ids"][0]
    changed = await _call("update_memory", user_id="alice", memory_id=memory_id, text="Eats fish", **credential)
    assert changed["success"] is True

    listed = await _call("get_memories", user_id="alice", **credential)
    assert [memory["memory"] for memory in listed["memories"]] == ["Eats fish"]

    deleted = await _call("delete_memory", user_id="alice", memory_id=memory_id, **credential)
    assert deleted["success"] is True
    assert (await _call("get_memories", user_id="alice", **credential))["ids"] == []


async def test_a_wrong_key_is_told_with_its_status(sandbox: RunningSandbox) -> None:
    output = await _call("get_memories", user_id="alice", api_key="wrong-key", base_url=sandbox.base_url)
    assert output["success"] is False
    assert output["error"].startswith("unauthorized: ")
    assert "401" in output["error"]
    assert "wrong-key" not in output["error"]


async def test_another_users_memory_is_not_found(credential: dict[str, str]) -> None:
    messages = [{"role": "user", "content": "I live in Utrecht."}]
    await _call("add_memories", user_id="bob", messages=messages, wait_for_completion=True, **credential)
    (theirs,) = (await _call("get_memories", user_id="bob", **credential))["ids"]
    output = await _call("get_memories", user_id="alice", memory_id=theirs, **credential)
    assert output["error"].startswith("not_found: ")
    assert output["memories"] == []
