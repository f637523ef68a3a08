"""The tools, called as ModuleX calls them: arguments and credential together, and nothing may raise."""

import inspect
import json
from typing import Any, get_type_hints

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")

from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.tools import StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel

from modulex_mem0.hosts.modulex import TOOLS, manifest, tools
from modulex_mem0.hosts.modulex.structured_tool import structured_tool
from modulex_mem0.runtime import Runtime, discover
from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply
from tests.helpers.tiny_integration import KEY, plugin

_NAMES = [tool.name for tool in TOOLS]
_ALL = pytest.mark.parametrize("tool", TOOLS, ids=_NAMES)
_INJECTED = {"api_key", "base_url"}


@_ALL
def test_the_credential_is_injected_by_name_and_is_not_in_the_manifest(tool: StructuredTool) -> None:
    parameters = next(action.parameters for action in manifest.actions if action.name == tool.name)
    assert tool.coroutine is not None
    signature = inspect.signature(tool.coroutine).parameters
    assert set(signature) - set(parameters) == _INJECTED
    assert set(tool.args) - set(parameters) == _INJECTED
    assert get_type_hints(tool.coroutine)["api_key"] is str
    assert signature["api_key"].default is inspect.Parameter.empty
    assert signature["base_url"].default is None


@_ALL
def test_the_output_model_is_in_the_signature(tool: StructuredTool) -> None:
    assert tool.coroutine is not None
    model = get_type_hints(tool.coroutine)["return"]
    assert issubclass(model, BaseModel)
    assert model is discover()["mem0"].actions[tool.name].output


@_ALL
def test_a_language_model_sees_the_declared_parameters(tool: StructuredTool) -> None:
    declared = discover()["mem0"].actions[tool.name].describe().input_schema
    function = convert_to_openai_tool(tool)["function"]
    shown = function["parameters"]
    assert function["description"] == tool.description
    assert set(shown["required"]) == {*declared.get("required", ()), "api_key"}
    for name, schema in declared["properties"].items():
        for word in ("type", "enum", "minimum", "maximum", "description", "default"):
            if word in schema:
                assert shown["properties"][name][word] == schema[word], (name, word)
    assert "$ref" not in json.dumps(shown)


async def test_the_environment_of_the_host_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM0_API_KEY", "the-hosts-own-key")
    output = await tools.check_connection.ainvoke({})
    assert output["error"].startswith("missing_credential: ")


async def test_a_parameter_that_is_left_out_stays_left_out(server: ScriptedServer) -> None:
    memory = {"id": "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11", "memory": "old", "user_id": "alice"}
    server.script(json_reply(memory))
    injected = {"api_key": "m0-key", "base_url": server.url}
    arguments = {"user_id": "alice", "memory_id": memory["id"], "text": "new"}
    output = await tools.update_memory.ainvoke(arguments | injected)
    assert output["success"] is True, output
    # A null would mean that the memory never expires.
    assert server.requests[-1].json() == {"text": "new"}


async def test_a_misspelt_parameter_is_refused_and_not_ignored() -> None:
    output = await tools.get_memories.ainvoke({"user_id": "alice", "memory": "x", "api_key": "m0-key"})
    assert output["error"].startswith(
        "invalid_input: memory: is not a parameter of get_memories; did you mean 'memory_id'"
    )


async def test_no_callback_sees_the_key(server: ScriptedServer) -> None:
    seen: list[str] = []

    class Recorder(AsyncCallbackHandler):
        async def on_tool_start(self, *args: Any, **kwargs: Any) -> None:
            seen.append(repr((args, kwargs)))

        async def on_tool_end(self, *args: Any, **kwargs: Any) -> None:
            seen.append(repr((args, kwargs)))

    server.script(json_reply({"results": []}))
    injected = {"api_key": "m0-very-secret", "base_url": server.url}
    await tools.search_memories.ainvoke(
        {"user_id": "alice", "query": "x"} | injected, config={"callbacks": [Recorder()]}
    )
    assert len(seen) == 2
    assert "alice" in seen[0]
    assert "m0-very-secret" not in "".join(seen)


@_ALL
@settings(max_examples=20)
@given(
    arguments=st.dictionaries(
        st.sampled_from(["user_id", "memory_id", "api_key", "base_url", "x"]),
        st.none() | st.text() | st.integers() | st.lists(st.text()),
    )
)
async def test_nothing_raises_whatever_the_arguments(tool: StructuredTool, arguments: dict[str, Any]) -> None:
    # Without a usable key, so that nothing is sent.
    output = await tool.ainvoke(arguments | {"api_key": "\n"})
    assert output["success"] is False
    assert output["error"]
    json.dumps(output, allow_nan=False)


@_ALL
@pytest.mark.parametrize(
    "body", ["[]", '{"id": 12345}', "null", '"text"', "not JSON", '{"results": [[], null, {"id": 1}]}']
)
async def test_nothing_raises_whatever_the_service_sends(
    tool: StructuredTool, body: str, server: ScriptedServer
) -> None:
    server.script(reply(body=body.encode()))
    example = discover()["mem0"].actions[tool.name].example
    assert example is not None
    output = await tool.ainvoke(example.input | {"api_key": "m0-key", "base_url": server.url})
    json.dumps(output, allow_nan=False)
    model = get_type_hints(tool.coroutine)["return"]
    model.model_validate(output)


async def test_a_tool_of_a_runtime_that_was_closed_says_so_and_does_not_raise(server: ScriptedServer) -> None:
    runtime = Runtime(plugins=[plugin()])
    tiny = runtime.integrations["tiny"]
    tool = structured_tool(runtime, tiny, tiny.actions["fetch"])
    await runtime.aclose()
    output = await tool.ainvoke({"api_key": KEY, "base_url": server.url})
    assert output["success"] is False
    assert output["error"].startswith("internal: ")
    assert "closed" in output["error"]
    assert server.requests == []


async def _call(name: str, **arguments: Any) -> dict[str, Any]:
    output = await getattr(tools, name).ainvoke(arguments)
    assert json.loads(json.dumps(output)) == output
    return dict(output)


async def test_a_memory_is_added_found_listed_changed_and_deleted(credential: dict[str, str]) -> None:
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


async def test_a_wrong_key_is_reported_with_its_status(sandbox: RunningSandbox) -> None:
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
