"""An agent loop of LangChain's own, with a chat model that follows a script, remembers and recalls."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.runtime import Runtime

pytest.importorskip("langchain", reason="langchain is not installed; it drives the agent of these tests")

from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from modulex_mem0.hosts.langchain import tools

PAGE = (Path(__file__).parents[3] / "docs" / "hosts" / "langchain.md").read_text(encoding="utf-8")


class ScriptedModel(GenericFakeChatModel):
    """Says what it was told to say, one message after the other."""

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **_settings: Any
    ) -> Runnable[Any, AIMessage]:
        return self


def call(name: str, number: int, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"call-{number}", "type": "tool_call"}])


SCRIPT = (
    call("add_memories", 1, messages=[{"role": "user", "content": "I am a vegetarian."}]),
    # A model forgets a parameter, reads the reason, tries another's memory, and does it right.
    call("search_memories", 2, text="food"),
    call("search_memories", 3, query="vegetarian", user_id="bob"),
    call("search_memories", 4, query="vegetarian", limit=None),
    AIMessage("You eat no meat."),
)


def agent(credential: dict[str, str], runtime: Runtime) -> Any:
    bound = tools(credential=credential, user_id="alice", actions=["add_memories", "search_memories"], runtime=runtime)
    return create_agent(ScriptedModel(messages=iter(SCRIPT)), bound)


QUESTION: dict[str, Any] = {"messages": [{"role": "user", "content": "I am a vegetarian. What do I eat?"}]}


def check(state: dict[str, Any]) -> None:
    assert state["messages"][-1].content == "You eat no meat."
    answers = [message for message in state["messages"] if isinstance(message, ToolMessage)]
    added, forgotten, foreign, found = (json.loads(str(message.content)) for message in answers)
    assert added["success"] is True
    assert forgotten["error"].startswith("invalid_input: ")
    assert "query: is required" in forgotten["error"]
    assert foreign["error"].startswith("invalid_input: user_id: is fixed")
    assert [record["user_id"] for record in found["search_results"]] == ["alice"]


def test_a_synchronous_agent(credential: dict[str, str]) -> None:
    with Runtime() as runtime:
        check(agent(credential, runtime).invoke(QUESTION))


async def test_an_asynchronous_agent(credential: dict[str, str]) -> None:
    async with Runtime() as runtime:
        check(await agent(credential, runtime).ainvoke(QUESTION))


def test_the_how_to_works_as_it_is_written(credential: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert '"m0-your-key"' in first
    monkeypatch.setenv("MEM0_API_KEY", credential["api_key"])
    monkeypatch.setenv("MEM0_BASE_URL", credential["base_url"])
    names: dict[str, Any] = {"model": ScriptedModel(messages=iter(SCRIPT))}
    exec(first, names)  # noqa: S102 - the page itself is what is tested
    assert [tool.name for tool in names["memory"]] == ["add_memories", "search_memories"]
    exec(second, names)  # noqa: S102 - the page itself is what is tested
    assert next(names["model"].messages, None) is None
