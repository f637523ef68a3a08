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
from modulex_mem0.runtime import discover
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply

_NAMES = [tool.name for tool in TOOLS]
_ALL = pytest.mark.parametrize("tool", TOOLS, ids=_NAMES)
_INJECTED = {"api_key", "base_url"}


@_ALL
def test_the_credential_is_injected_by_name_and_no_parameter_of_the_manifest(tool: StructuredTool) -> None:
    parameters = next(action.parameters for action in manifest.actions if action.name == tool.name)
    assert tool.coroutine is not None
    signature = inspect.signature(tool.coroutine).parameters
    assert set(signature) - set(parameters) == _INJECTED
    assert set(tool.args) - set(parameters) == _INJECTED
    assert get_type_hints(tool.coroutine)["api_key"] is str
    assert signature["api_key"].default is inspect.Parameter.empty
    assert signature["base_url"].default is None


@_ALL
def test_the_output_model_stands_in_the_signature(tool: StructuredTool) -> None:
    assert tool.coroutine is not None
    model = get_type_hints(tool.coroutine)["return"]
    assert issubclass(model, BaseModel)
    assert model is discover()["mem0"].actions[tool.name].output


@_ALL
def test_a_model_of_language_sees_the_parameters_as_we_declare_them(tool: StructuredTool) -> None:
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


async def test_what_was_left_out_stays_left_out(server: ScriptedServer) -> None:
    memory = {"id": "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11", "memory": "old", "user_id": "alice"}
    server.script(json_reply(memory))
    injected = {"api_key": "m0-key", "base_url": server.url}
    arguments = {"user_id": "alice", "memory_id": memory["id"], "text": "new"}
    output = await tools.update_memory.ainvoke(arguments | injected)
    assert output["success"] is True, output
    # A null would say that the memory never expires.
    assert server.requests[-1].json() == {"text": "new"}


async def test_a_misspelt_parameter_is_refused_and_not_ignored() -> None:
    output = await tools.get_memories.ainvoke({"user_id": "alice", "memory": "x", "api_key": "m0-key"})
    assert output["error"].startswith(
        "invalid_input: memory: is not a parameter of get_memories; did you mean 'memory_id'"
    )


async def test_no_callback_sees_the_key(server: ScriptedServer) -> None:
    seen: list[str] = []

    class Watching(AsyncCallbackHandler):
        async def on_tool_start(self, *args: Any, **kwargs: Any) -> None:
            seen.append(repr((args, kwargs)))

        async def on_tool_end(self, *args: Any, **kwargs: Any) -> None:
            seen.append(repr((args, kwargs)))

    server.script(json_reply({"results": []}))
    injected = {"api_key": "m0-very-secret", "base_url": server.url}
    await tools.search_memories.ainvoke(
        {"user_id": "alice", "query": "x"} | injected, config={"callbacks": [Watching()]}
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
