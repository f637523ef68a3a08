"""ModuleX's own `mem0` tools, with nothing changed but the module's constant for Mem0's address."""

from typing import Any

import pytest

pytest.importorskip(
    "modulex_integrations.tools.mem0", reason="modulex-integrations is not installed (Python 3.12 and later)"
)

from modulex_integrations.tools.mem0 import tools

from modulex_mem0.sandbox import RunningSandbox


@pytest.fixture
def key(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(tools, "_MEM0_API_BASE", sandbox.base_url)
    return {"api_key": sandbox.api_key, "user_id": "alice"}


async def _say(key: dict[str, str], *texts: str) -> None:
    for text in texts:
        added = await tools.add_memories.ainvoke({**key, "messages": [{"role": "user", "content": text}]})
        assert (added["success"], added["status"], added["error"]) == (True, "PENDING", None)
        assert added["event_id"]


async def test_what_is_added_is_found(key: dict[str, str]) -> None:
    await _say(key, "I love hiking in the Alps.", "I drink tea.")
    found = await tools.search_memories.ainvoke({**key, "query": "hiking", "limit": 1})
    assert found["success"] is True
    [record] = found["search_results"]
    assert (record["memory"], record["user_id"]) == ("I love hiking in the Alps", "alice")
    assert found["ids"] == [record["id"]]
    assert 0 < record["score"] <= 1
    one = await tools.get_memories.ainvoke({**key, "memory_id": record["id"]})
    assert [memory["memory"] for memory in one["memories"]] == ["I love hiking in the Alps"]


async def test_lists_come_in_pages_and_by_day(key: dict[str, str]) -> None:
    await _say(key, *(f"I own bicycle number {number}." for number in range(5)))
    pages: list[Any] = [await tools.get_memories.ainvoke({**key, "limit": 2, "page": page}) for page in (1, 2, 3)]
    assert [page["count"] for page in pages] == [5, 5, 5]
    assert [len(page["ids"]) for page in pages] == [2, 2, 1]
    assert len({identifier for page in pages for identifier in page["ids"]}) == 5
    assert [page["next"] is None for page in pages] == [False, False, True]
    none = await tools.get_memories.ainvoke({**key, "start_date": "2001-01-01", "end_date": "2001-12-31"})
    assert (none["success"], none["count"]) == (True, 0)


async def test_a_refusal_is_reported_and_does_not_raise(key: dict[str, str]) -> None:
    refused = await tools.search_memories.ainvoke({**key, "api_key": "m0-wrong", "query": "tea"})
    assert refused["success"] is False
    assert "401" in refused["error"]
    assert "Invalid API key" in refused["error"]
    missing = await tools.get_memories.ainvoke({**key, "memory_id": "00000000-0000-4000-8000-000000000000"})
    assert (missing["success"], "Memory not found!" in missing["error"]) == (False, True)
