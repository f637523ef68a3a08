"""The tools that a host offers, and the parameters that it fixes. No host's library is needed for them."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator

from modulex_mem0.contract import (
    Action,
    ActionError,
    ActionInput,
    ActionManifest,
    ActionOutput,
    Context,
    Hints,
    Integration,
    action,
)
from modulex_mem0.hosts import BOOKKEEPING, NotOfferedError, ToolSet
from modulex_mem0.json_schema import simplify
from modulex_mem0.runtime import BrokenIntegrationError, Runtime, UnknownActionError, UnknownIntegrationError, discover
from tests.helpers.tiny_integration import Plugin, plugin, profile

MEM0 = discover()["mem0"]


def refuse_templates(value: str) -> str:
    """As an action refuses a text that no one filled in."""
    if "{{" in value:
        raise ValueError(f"{value} was not filled in")
    return value


ACTIONS: dict[str, ActionManifest] = {action.name: action for action in MEM0.manifest.actions}


def tool_set(integration: str = "mem0", *plugins: Plugin, **limits: Any) -> ToolSet:
    return ToolSet(Runtime(plugins=plugins), integration, **limits)


def test_without_limits_every_action_is_offered_with_every_parameter() -> None:
    tools = tool_set()
    assert list(tools) == list(ACTIONS)
    for name, declared in ACTIONS.items():
        assert tools[name].input_schema == simplify(declared.input_schema)
        assert list(tools[name].input_schema["properties"]) == list(declared.input_schema["properties"])
        assert tools[name].complete({"a": None}) == {"a": None}


def test_a_tool_set_shows_its_tools_and_not_whom_it_is_for() -> None:
    tools = tool_set(owner="alice", actions=["search_memories", "add_memories"])
    assert repr(tools) == "<ToolSet mem0: add_memories, search_memories>"


def test_simple_tools_hide_advanced_parameters_and_still_take_them() -> None:
    tools = tool_set(simple=True, owner="alice")
    for name, tool in tools.items():
        declared = ACTIONS[name].input_schema["properties"]
        advanced = {parameter for parameter, value in declared.items() if value.get("x-advanced")}
        assert set(tool.input_schema["properties"]) == set(declared) - advanced - {"user_id"}
    search = tools["search_memories"]
    assert search.complete({"query": "x", "rerank": True}) == {"query": "x", "rerank": True, "user_id": "alice"}


async def test_what_a_model_sends_in_strict_mode_is_accepted(credential: dict[str, str]) -> None:
    """Every parameter, with null for what is left out, and JSON as text for an object."""
    async with Runtime() as runtime:
        tools = ToolSet(runtime, "mem0", owner="alice", strict=True)

        async def call(name: str, **chosen: Any) -> dict[str, Any]:
            properties = tools[name].input_schema["properties"]
            assert tools[name].input_schema["required"] == list(properties)
            result = await tools.call(name, {**dict.fromkeys(properties), **chosen}, credential=credential)
            assert result.success, result.error
            return result.output

        messages = [{"role": "user", "content": "I cook pasta."}]
        await call("add_memories", messages=messages, infer=False, metadata='{"source": "chat"}')
        found = await call("search_memories", query="pasta", filters='{"metadata": {"source": "chat"}}')
        (memory_id,) = found["ids"]
        change = {"memory_id": memory_id, "text": None, "metadata": '{"source": "form"}'}
        await call("batch_update_memories", memories=[change])
        listed = await call("get_memories", memory_id=None, limit=5)
    (memory,) = listed["memories"]
    assert (memory["memory"], memory["metadata"]) == ("I cook pasta.", {"source": "form"})


async def test_a_bound_credential_is_resolved_once(credential: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"user_id": "alice", "query": "food"}
    async with Runtime() as runtime:
        tools = ToolSet(runtime, "mem0")
        bound = tools.bind(None)
        monkeypatch.setenv("MEM0_API_KEY", credential["api_key"])
        monkeypatch.setenv("MEM0_BASE_URL", credential["base_url"])
        assert (await tools.call("search_memories", asked, bound=bound)).success
        monkeypatch.setenv("MEM0_API_KEY", "m0-another-0123456789")
        assert not (await tools.call("search_memories", asked)).success
        assert (await tools.call("search_memories", asked, bound=bound)).success
        assert (await asyncio.to_thread(tools.call_sync, "search_memories", asked, bound=bound)).success


@pytest.mark.parametrize("name", sorted(BOOKKEEPING))
def test_what_clients_add_for_themselves_is_set_aside(name: str) -> None:
    tool = tool_set()["search_memories"]
    assert tool.complete({"query": "x", name: {"any": "thing"}}) == {"query": "x"}


def test_a_parameter_wins_over_the_bookkeeping_of_the_same_name() -> None:
    tools = bare({"type": "string"}, name="action")
    assert tools()["act"].complete({"action": "jump", "toolCallId": "call_1"}) == {"action": "jump"}
    assert tools("jump")["act"].complete({"action": "jump"}) == {"action": "jump"}
    with pytest.raises(ActionError, match="action: is fixed"):
        tools("jump")["act"].complete({"action": "run"})


async def test_an_argument_that_is_no_bookkeeping_is_refused(credential: dict[str, str]) -> None:
    async with Runtime() as runtime:
        tools = ToolSet(runtime, "mem0", owner="alice")
        arguments = {"query": "x", "toolCallId": "call_1", "limt": 5}
        refused = await tools.call("search_memories", arguments, credential=credential)
    assert refused.output["error"].startswith("invalid_input: limt: is not a parameter")
    assert "toolCallId" not in refused.output["error"]


def test_read_only_leaves_the_actions_that_change_nothing() -> None:
    assert list(tool_set(read_only=True)) == [name for name, action in ACTIONS.items() if action.hints.read_only]


def test_actions_come_in_the_order_of_the_manifest() -> None:
    assert list(tool_set(actions=["search_memories", "add_memories"])) == ["add_memories", "search_memories"]
    assert list(tool_set(actions=[])) == []
    assert list(tool_set(actions="search_memories")) == ["search_memories"]


@pytest.mark.parametrize("limits", [{"owner": "alice"}, {"fixed": {"user_id": "alice"}}], ids=["owner", "fixed"])
def test_a_fixed_user_is_in_no_schema_and_in_every_input(limits: dict[str, Any]) -> None:
    before = deepcopy(MEM0.manifest.model_dump())
    tools = tool_set(**limits)
    assert MEM0.manifest.model_dump() == before
    assert set(tools) == {name for name, action in ACTIONS.items() if not action.hints.cross_user}
    for name, tool in tools.items():
        assert set(tool.input_schema["properties"]) == set(ACTIONS[name].input_schema["properties"]) - {"user_id"}
        assert "user_id" not in tool.input_schema.get("required", ())
        assert tool.complete({})["user_id"] == "alice"
        # Agents send a null for a parameter that they leave out.
        assert tool.complete({"user_id": None})["user_id"] == "alice"
    # An optional user is fixed as well.
    assert "user_id" in ACTIONS["get_event"].input_schema["properties"]
    assert "user_id" not in ACTIONS["get_event"].input_schema["required"]
    assert "get_event" in tools


def test_any_parameter_can_be_fixed() -> None:
    tools = tool_set(fixed={"limit": 5, "categories": ["food"]}, read_only=True)
    taking = [
        name
        for name, action in ACTIONS.items()
        if {"limit", "categories"} <= set(action.input_schema["properties"]) and action.hints.read_only
    ]
    assert list(tools) == taking
    assert "search_memories" in taking
    search = tools["search_memories"]
    assert not {"limit", "categories"} & set(search.input_schema["properties"])
    assert search.input_schema["required"] == ACTIONS["search_memories"].input_schema["required"]
    assert search.complete({"query": "x"}) == {"query": "x", "limit": 5, "categories": ["food"]}
    # A fixed limit is no fixed owner.
    assert "list_events" in tool_set(fixed={"limit": 5}, actions=["list_events"])


def test_what_a_handler_does_to_a_fixed_value_does_not_reach_the_next_call() -> None:
    search = tool_set(fixed={"categories": ["food"]})["search_memories"]
    search.complete({})["categories"].append("travel")
    assert search.complete({}) == {"categories": ["food"]}


@pytest.mark.parametrize("user_id", ["bob", "Alice", "*", 0, False, ["alice"], {"id": "alice"}])
def test_another_value_of_a_fixed_parameter_is_refused(user_id: object) -> None:
    tool = tool_set(owner="alice")["search_memories"]
    with pytest.raises(ActionError, match="user_id: is fixed and cannot be chosen; leave it out"):
        tool.complete({"user_id": user_id, "query": "x"})


@pytest.mark.parametrize("user_id", ["5", 5, " 5 ", None, "", " ", [], {}])
def test_the_same_value_of_a_fixed_parameter_is_accepted_and_so_is_none(user_id: object) -> None:
    tool = tool_set(owner="5")["search_memories"]
    assert tool.complete({"user_id": user_id, "query": "x"}) == {"user_id": "5", "query": "x"}


def test_true_is_not_the_number_1() -> None:
    tool = tool_set(fixed={"limit": 1})["search_memories"]
    with pytest.raises(ActionError, match="limit: is fixed"):
        tool.complete({"limit": True})


def test_an_action_that_takes_no_user_is_left_out_when_the_user_is_fixed() -> None:
    # The author of such an integration forgot to declare that these actions reach beyond one user.
    actions = [replace(action, hints=Hints(read_only=action.hints.read_only)) for action in MEM0.actions.values()]
    forgetful = Plugin(Integration(profile("forgetful", owner_parameter="user_id"), actions))
    tools = tool_set("forgetful", forgetful, owner="alice")
    assert "search_memories" in tools
    assert not {"list_entities", "delete_entity"} & set(tools)
    with pytest.raises(NotOfferedError, match="list_entities cannot be offered: it takes no user_id"):
        tool_set("forgetful", forgetful, owner="alice", actions=["list_entities"])


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_value_does_not_fix_a_parameter(blank: str) -> None:
    with pytest.raises(NotOfferedError, match="user_id cannot be fixed to a blank text"):
        tool_set(owner=blank)
    with pytest.raises(NotOfferedError, match="agent_id cannot be fixed to a blank text"):
        tool_set(fixed={"agent_id": blank})


@pytest.mark.parametrize(
    ("fixed", "reason"),
    [
        ({"usr_id": "alice"}, "no action of mem0 takes 'usr_id'; did you mean 'user_id'?"),
        ({"user_id": None}, "user_id cannot be fixed to nothing"),
        ({"filters": {}}, "filters cannot be fixed to nothing"),
        (
            {"user_id": "*"},
            "user_id cannot be fixed for add_memories: must be a single id; `*` would reach everyone's memories",
        ),
        ({"user_id": "{{user_id}}"}, "user_id cannot be fixed for add_memories: '{{user_id}}' is a template"),
        ({"agent_id": "*"}, "agent_id cannot be fixed for add_memories: must be a single id;"),
        ({"limit": "many"}, "limit cannot be fixed for search_memories: must be a valid integer"),
        ({"limit": True}, "limit cannot be fixed for search_memories: must be a number, not true or false"),
        ({"limit": 0}, "limit cannot be fixed for search_memories: must be greater than or equal to 1"),
    ],
    ids=str,
)
def test_a_value_that_does_not_fit_is_refused_at_the_start(fixed: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotOfferedError) as raised:
        tool_set(fixed=fixed)
    assert str(raised.value).startswith(reason)


def test_the_owner_is_the_parameter_that_the_manifest_declares() -> None:
    assert MEM0.manifest.owner_parameter == "user_id"
    with pytest.raises(NotOfferedError, match="tiny declares no owner parameter; fix the parameter by its name"):
        tool_set("tiny", plugin(), owner="/things/")
    tools = tool_set("tiny", plugin(owner_parameter="path"), owner="/things/")
    assert tools["fetch"].complete({}) == {"path": "/things/"}
    assert tool_set(owner="alice", fixed={"user_id": "alice"})["search_memories"].fixed == {"user_id": "alice"}
    with pytest.raises(NotOfferedError, match="user_id cannot be fixed to two values"):
        tool_set(owner="alice", fixed={"user_id": "bob"})
    with pytest.raises(NotOfferedError, match="no action of tiny takes 'pth'; did you mean 'path'"):
        tool_set("tiny", plugin(owner_parameter="pth"), owner="/things/")


def bare(schema: Any, name: str = "it") -> Callable[..., Any]:
    """An integration that declares bare schemas, with one parameter, fixed to a value if there is one."""

    async def handler(context: Context, input: dict[str, Any]) -> dict[str, Any]:
        return {"success": True, "error": None}

    output = {"properties": {"success": {"type": "boolean"}, "error": {"type": ["string", "null"]}}, "type": "object"}
    declared = {"type": "object", "properties": {name: schema}, "$defs": {"Count": {"type": "integer"}}}
    action = Action(name="act", title="Act", description="Acts.", input=declared, output=output, handler=handler)
    return lambda *value: tool_set("bare", plugin(action, name="bare"), fixed={name: value[0]} if value else {})


def test_a_fixed_value_is_checked_against_what_its_schema_refers_to() -> None:
    fix = bare({"$ref": "#/$defs/Count"})
    assert fix(5)["act"].complete({}) == {"it": 5}
    with pytest.raises(NotOfferedError, match="it cannot be fixed for act: 'x' is not of type 'integer'"):
        fix("x")


def test_a_schema_that_cannot_be_used_is_a_defect_of_the_integration() -> None:
    fix = bare({"$ref": "#/$defs/Nothing"})
    with pytest.raises(BrokenIntegrationError, match="the input schema of act of integration 'bare' cannot be used"):
        fix(5)


def test_an_action_that_the_limits_exclude_cannot_be_asked_for_by_name() -> None:
    with pytest.raises(UnknownActionError, match="did you mean 'add_memories'"):
        tool_set(actions=["add_memory"])
    with pytest.raises(NotOfferedError, match="add_memories cannot be offered: it can change data"):
        tool_set(actions=["add_memories"], read_only=True)
    with pytest.raises(NotOfferedError, match="list_events cannot be offered: it reaches beyond one user"):
        tool_set(actions=["list_events"], owner="alice")


async def test_a_refusal_of_the_host_satisfies_the_output_schema_too() -> None:
    async with Runtime() as runtime:
        tools = ToolSet(runtime, "mem0", owner="alice")
        refused = await tools.call("search_memories", {"user_id": "bob", "query": "x"})
        assert tools.call_sync("search_memories", {"user_id": "bob", "query": "x"}) == refused
        with pytest.raises(KeyError):
            await tools.call("list_entities", {})
    assert refused.success is False
    assert refused.error is not None
    assert refused.error.code == "invalid_input"
    assert refused.output == {
        "success": False,
        "error": "invalid_input: user_id: is fixed and cannot be chosen; leave it out",
        "search_results": [],
        "ids": [],
    }


def test_an_unknown_integration_raises() -> None:
    with pytest.raises(UnknownIntegrationError, match="did you mean 'mem0'"):
        tool_set("mem1")


def test_actions_that_do_not_load_raise_at_once() -> None:
    def load() -> Any:
        raise ImportError("no numpy")

    with pytest.raises(BrokenIntegrationError, match="no numpy"):
        tool_set("broken", Plugin(Integration(profile("broken"), actions=load)))


class GreetInput(ActionInput):
    """Whom to greet."""

    name: Annotated[str, AfterValidator(refuse_templates)]


@action(title="Greet", read_only=True)
async def greet(context: Context, input: GreetInput) -> ActionOutput:
    """Greet someone."""
    return ActionOutput(success=True)


def test_what_the_action_itself_refuses_cannot_be_fixed() -> None:
    tools = tool_set("polite", plugin(greet, name="polite"), fixed={"name": "alice"})
    assert tools["greet"].complete({}) == {"name": "alice"}
    with pytest.raises(NotOfferedError, match=r"name cannot be fixed for greet: \{\{name\}\} was not filled in"):
        tool_set("polite", plugin(greet, name="polite"), fixed={"name": "{{name}}"})


def test_only_an_integration_that_declares_an_owner_is_a_closed_world() -> None:
    assert all(tool.closed_world for tool in tool_set().values())
    reaching = replace(greet, hints=Hints(read_only=True, cross_user=True))
    assert not tool_set("polite", plugin(reaching, name="polite"))["greet"].closed_world
    assert tool_set("polite", plugin(greet, name="polite", owner_parameter="name"))["greet"].closed_world
