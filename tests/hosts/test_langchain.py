"""LangChain tools: what a model sees, what calls return, what is kept secret; and an agent that uses them."""

import copy
import json
import pickle
import subprocess
import sys
from typing import Any

import pytest

from modulex_mem0.hosts import NotOfferedError
from modulex_mem0.runtime import Runtime, RuntimeClosedError, UnknownActionError, UnknownIntegrationError

pytest.importorskip("langchain_core", reason="langchain-core is not installed (extra langchain)")

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.load import dumps
from langchain_core.messages import ToolMessage
from langchain_core.tools import StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from modulex_mem0.hosts.langchain import tools
from tests.helpers.scripted_chat_model import remembering_model

MESSAGES = [{"role": "user", "content": "I am a vegetarian."}]


def by_name(**settings: Any) -> dict[str, StructuredTool]:
    return {tool.name: tool for tool in tools(**settings)}


def test_a_model_sees_the_declared_parameters_and_no_user(credential: dict[str, str]) -> None:
    declared = Runtime().integrations["mem0"].manifest
    actions = {action.name: action for action in declared.actions}
    offered = by_name(credential=credential, user_id="alice")
    assert list(offered) == [name for name, action in actions.items() if not action.hints.cross_user]
    for name, tool in offered.items():
        seen = convert_to_openai_tool(tool)["function"]
        assert (seen["name"], seen["description"]) == (name, actions[name].description)
        assert set(seen["parameters"]["properties"]) == set(actions[name].input_schema["properties"]) - {"user_id"}
        required = [parameter for parameter in actions[name].input_schema["required"] if parameter != "user_id"]
        assert seen["parameters"].get("required", []) == required


def test_limits_are_those_of_every_host(credential: dict[str, str]) -> None:
    assert list(by_name(actions=["search_memories", "add_memories"])) == ["add_memories", "search_memories"]
    assert "delete_memories" not in by_name(read_only=True)
    assert "user_id" in by_name(credential=credential)["add_memories"].args
    with pytest.raises(UnknownActionError, match="did you mean 'add_memories'"):
        tools(actions=["add_memory"])
    with pytest.raises(UnknownIntegrationError, match="did you mean 'mem0'"):
        tools(integration="mem1")
    with pytest.raises(NotOfferedError, match="user_id cannot be fixed to a blank text"):
        tools(user_id="")


def test_any_parameter_can_be_fixed(credential: dict[str, str]) -> None:
    offered = by_name(credential=credential, user_id="alice", fixed={"limit": 1}, read_only=True)
    assert "get_memories" in offered
    search = offered["search_memories"]
    assert "limit" in by_name(credential=credential)["search_memories"].args
    assert not {"limit", "user_id"} & set(search.args)
    for food in ("pasta", "soup"):
        messages = [{"role": "user", "content": f"I cook {food}."}]
        added = by_name(credential=credential, user_id="alice")["add_memories"].invoke({"messages": messages})
        assert added["success"] is True
    assert len(search.invoke({"query": "cook"})["ids"]) == 1
    refused = search.invoke({"query": "cook", "limit": 2})
    assert refused["error"].startswith("invalid_input: limit: is fixed")
    with pytest.raises(NotOfferedError, match="no action of mem0 takes 'limt'; did you mean 'limit'"):
        tools(fixed={"limt": 1})


@pytest.mark.parametrize("name", ["self", "kwargs", "__arg1"])
async def test_an_argument_of_any_name_is_refused_and_raises_nothing(credential: dict[str, str], name: str) -> None:
    (search,) = tools(credential=credential, user_id="alice", actions=["search_memories"])
    for refused in (search.invoke({"query": "x", name: 1}), await search.ainvoke({"query": "x", name: 1})):
        assert refused["error"].startswith(f"invalid_input: {name}: is not a parameter of search_memories")


def test_synchronous_calls_return_the_output(credential: dict[str, str]) -> None:
    offered = by_name(credential=credential, user_id="alice")
    assert offered["add_memories"].invoke({"messages": MESSAGES})["success"] is True
    found = offered["search_memories"].invoke({"query": "vegetarian", "limit": None})
    assert [record["user_id"] for record in found["search_results"]] == ["alice"]
    assert json.loads(json.dumps(found)) == found


async def test_asynchronous_calls_return_the_output(credential: dict[str, str]) -> None:
    async with Runtime() as runtime:
        offered = by_name(credential=credential, user_id="alice", runtime=runtime)
        assert (await offered["add_memories"].ainvoke({"messages": MESSAGES}))["success"] is True
        found = await offered["search_memories"].ainvoke({"query": "vegetarian"})
    assert len(found["ids"]) == 1


async def test_failures_are_outputs(credential: dict[str, str]) -> None:
    async with Runtime() as runtime:
        search = by_name(credential=credential, user_id="alice", runtime=runtime)["search_memories"]
        wrong = by_name(credential=credential | {"api_key": "m0-wrong-012345"}, runtime=runtime)["search_memories"]
        keyless = by_name(runtime=runtime)["search_memories"]
        gone = by_name(credential=credential | {"base_url": "http://127.0.0.1:9"}, runtime=runtime)["search_memories"]
        for tool, arguments, reason in (
            (search, {}, "invalid_input: query: is required"),
            (search, {"query": 7}, "invalid_input: query: must be text, got 7"),
            (search, {"query": "x", "user_id": "bob"}, "invalid_input: user_id: is fixed"),
            (wrong, {"query": "x", "user_id": "alice"}, "unauthorized: "),
            (keyless, {"query": "x", "user_id": "alice"}, "missing_credential: "),
            (gone, {"query": "x", "user_id": "alice"}, "connection_failed: "),
        ):
            for output in (await tool.ainvoke(arguments), tool.invoke(arguments)):
                assert output["success"] is False
                assert output["error"].startswith(reason)
                assert output["search_results"] == []


async def test_the_message_of_a_failed_call_has_the_status_of_an_error(credential: dict[str, str]) -> None:
    async with Runtime() as runtime:
        search = by_name(credential=credential, user_id="alice", runtime=runtime)["search_memories"]
        for arguments, status in (({"query": "food"}, "success"), ({}, "error")):
            request = {"type": "tool_call", "id": "call_1", "name": search.name, "args": arguments}
            for message in (search.invoke(request), await search.ainvoke(request)):
                assert isinstance(message, ToolMessage)
                assert message.status == status
                # The model still reads the reason.
                content = json.loads(str(message.content))
                assert content["success"] is (status == "success")
        assert content["error"] == "invalid_input: query: is required"


def test_simple_and_strict_tools(credential: dict[str, str]) -> None:
    simple = by_name(credential=credential, user_id="alice", simple=True)["search_memories"]
    assert list(simple.args) == ["query", "limit"]
    strict = by_name(credential=credential, user_id="alice", strict=True)["search_memories"]
    seen = convert_to_openai_tool(strict, strict=True)["function"]
    assert seen["strict"] is True
    assert seen["parameters"]["required"] == list(seen["parameters"]["properties"])
    assert seen["parameters"]["additionalProperties"] is False
    arguments = dict.fromkeys(seen["parameters"]["properties"]) | {"query": "food"}
    assert strict.invoke(arguments)["success"] is True


@pytest.mark.parametrize("user_id", ["*", " ", "{{user_id}}", "undefined"])
def test_a_user_who_is_no_single_user_is_refused_at_the_start(user_id: str) -> None:
    with pytest.raises(NotOfferedError, match="user_id cannot be fixed"):
        tools(user_id=user_id)


def test_without_a_credential_the_environment_is_read(
    credential: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    search = by_name(user_id="alice")["search_memories"]
    monkeypatch.setenv("MEM0_API_KEY", credential["api_key"])
    monkeypatch.setenv("MEM0_BASE_URL", credential["base_url"])
    assert search.invoke({"query": "food"})["success"] is True


class Recorder(BaseCallbackHandler):
    """Records everything that a tracer would receive."""

    def __init__(self) -> None:
        self.received: list[object] = []

    def on_tool_start(self, *args: Any, **kwargs: Any) -> None:
        self.received += [args, kwargs]

    def on_tool_end(self, *args: Any, **kwargs: Any) -> None:
        self.received += [args, kwargs]


def test_the_key_is_in_no_repr_dump_trace_or_pickle(credential: dict[str, str]) -> None:
    recorder = Recorder()
    tool = by_name(credential=credential, user_id="alice")["search_memories"]
    tool.invoke({"query": "food"}, config={"callbacks": [recorder]})
    assert recorder.received
    shown = [repr(tool), str(tool), dumps(tool), repr(tool.model_dump()), repr(recorder.received)]
    assert not any(credential["api_key"] in text for text in shown)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="holds a credential"):
            pickle.dumps(tool, protocol)
    assert copy.deepcopy(tool).invoke({"query": "food"})["success"] is True


def test_a_credential_that_is_changed_later_does_not_change_a_tool(credential: dict[str, str]) -> None:
    given = dict(credential)
    search = by_name(credential=given, user_id="alice")["search_memories"]
    given["api_key"] = "m0-another-0123456"
    assert search.invoke({"query": "food"})["success"] is True


def test_tools_of_a_closed_runtime_raise(credential: dict[str, str]) -> None:
    with Runtime() as runtime:
        search = by_name(credential=credential, user_id="alice", runtime=runtime)["search_memories"]
        assert search.invoke({"query": "food"})["success"] is True
    with pytest.raises(RuntimeClosedError):
        search.invoke({"query": "food"})


PROGRAM = """
import asyncio, sys
from modulex_mem0.hosts.langchain import tools
from tests.helpers.scripted_chat_model import remembering_model

[search] = tools(user_id="alice", actions=["search_memories"])
assert search.invoke({"query": "food"})["success"]
for _ in range(2):
    assert asyncio.run(search.ainvoke({"query": "food"}))["success"]
print("used")
"""


def test_a_program_that_closes_nothing_ends(account: dict[str, str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        check=False,
        capture_output=True,
        text=True,
        env=account,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "used\n", "")


def agent(credential: dict[str, str], runtime: Runtime) -> Any:
    agents = pytest.importorskip("langchain.agents", reason="langchain is not installed; it drives the agent")
    bound = tools(credential=credential, user_id="alice", actions=["add_memories", "search_memories"], runtime=runtime)
    return agents.create_agent(remembering_model(), bound)


QUESTION: dict[str, Any] = {"messages": [{"role": "user", "content": "I am a vegetarian. What do I eat?"}]}


def check_conversation(state: dict[str, Any]) -> None:
    assert state["messages"][-1].content == "You eat no meat."
    answers = [message for message in state["messages"] if isinstance(message, ToolMessage)]
    added, forgotten, foreign, found = (json.loads(str(message.content)) for message in answers)
    assert [message.status for message in answers] == ["success", "error", "error", "success"]
    assert added["success"] is True
    assert forgotten["error"].startswith("invalid_input: ")
    assert "query: is required" in forgotten["error"]
    assert foreign["error"].startswith("invalid_input: user_id: is fixed")
    assert [record["user_id"] for record in found["search_results"]] == ["alice"]


def test_a_synchronous_agent(credential: dict[str, str]) -> None:
    with Runtime() as runtime:
        check_conversation(agent(credential, runtime).invoke(QUESTION))


async def test_an_asynchronous_agent(credential: dict[str, str]) -> None:
    async with Runtime() as runtime:
        check_conversation(await agent(credential, runtime).ainvoke(QUESTION))
