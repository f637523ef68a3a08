"""The Mem0 tools of Agno. They have Mem0's address built in."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("agno.tools.mem0", reason="agno is not installed here: scripts/test-elsewhere runs it")

from agno.run import RunContext
from agno.tools.mem0 import Mem0Tools
from mem0 import MemoryClient

from modulex_mem0.sandbox import RunningSandbox


@pytest.fixture
def tools(built_in_address: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in built_in_address.items():
        monkeypatch.setenv(name, value)
    return Mem0Tools(all=True)


def _run(user: str | None) -> Any:
    return RunContext(run_id="run", session_id="session", user_id=user)


def _texts(answer: str) -> list[str]:
    return sorted(record["memory"] for record in json.loads(answer))


def test_all_tools_work_for_the_user_of_the_run(tools: Any) -> None:
    assert list(tools.functions) == ["add_memory", "search_memory", "get_all_memories", "delete_all_memories"]
    alice, bob = _run("alice"), _run("bob")
    assert "PENDING" in tools.add_memory(alice, "I love hiking in the Alps")
    assert "PENDING" in tools.add_memory(alice, {"city": "Oslo"})
    tools.add_memory(bob, "I love hiking in the Andes")
    assert _texts(tools.get_all_memories(alice)) == ["I love hiking in the Alps", '{"city": "Oslo"}']
    assert _texts(tools.search_memory(alice, "hiking"))[0] == "I love hiking in the Alps"
    assert tools.delete_all_memories(alice) == "Successfully deleted all memories for user_id: alice."
    assert (_texts(tools.get_all_memories(alice)), len(_texts(tools.get_all_memories(bob)))) == ([], 1)


def test_the_user_may_be_fixed_and_facts_stored_word_for_word(tools: Any) -> None:
    fixed = Mem0Tools(user_id="carol", infer=False)
    assert json.loads(fixed.add_memory(_run("alice"), "Is it raining?"))
    assert _texts(fixed.get_all_memories(_run("alice"))) == ["Is it raining?"]


def test_failures_are_texts(tools: Any, sandbox: RunningSandbox) -> None:
    assert tools.search_memory(_run(None), "tea").startswith("Error in search_memory")
    sandbox.set_faults({"path": "/v2/memories/search/", "status": 503})
    assert tools.search_memory(_run("alice"), "tea").startswith("Error searching memory")


def test_the_address_is_set_as_documented(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text("utf-8")
    [shown] = re.findall(r"^```python\n(from functools .*?)^```", page, re.MULTILINE | re.DOTALL)
    monkeypatch.setattr(MemoryClient, "__init__", MemoryClient.__init__)
    exec(shown.replace("http://127.0.0.1:8900", sandbox.base_url), {})  # noqa: S102 - it is our own page
    tools = Mem0Tools(api_key=sandbox.api_key, user_id="alice")
    tools.add_memory(_run(None), "I drink tea")
    assert _texts(tools.get_all_memories(_run(None))) == ["I drink tea"]
