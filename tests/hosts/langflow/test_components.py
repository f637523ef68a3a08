"""The components in flows that are saved as JSON and run by Langflow's own engine, without its editor."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.hosts.langflow import bundle_files
from modulex_mem0.runtime import Runtime, discover
from tests.helpers.installed import install
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.hosts.langflow.flows import EXTENSION, LANGFLOW_USER, TAKEN, Flow, components, drawn

from lfx.components.input_output import ChatInput  # isort: skip - after the check that Langflow is there
from modulex_mem0.hosts.langflow import component  # isort: skip
from tests.hosts.langflow.nodes import Collector, Speaker  # isort: skip

COMPONENTS = components()
MANIFEST = discover()["mem0"].manifest
FOUND = {"results": [{"id": "m-1", "memory": "I am a vegetarian", "user_id": "alice", "score": 0.9}]}


@pytest.fixture
def scripted(server: ScriptedServer) -> dict[str, str]:
    """The credential that points a node at a server that finds one memory, and records what arrives."""
    server.script(json_reply(FOUND))
    return {"api_key": "m0-scripted-key-0123456789", "base_url": server.url}


def collect(flow: Flow, source: str, output: str) -> None:
    flow.connect(source, output, flow.add(Collector), "taken")


@pytest.fixture(autouse=True)
def _nothing_taken() -> None:
    TAKEN.clear()


def test_langflow_loads_a_component_for_every_action_of_one_user() -> None:
    offered = {action.name for action in MANIFEST.actions if not action.hints.cross_user}
    assert COMPONENTS.keys() == offered | {"check_connection"}
    for action in MANIFEST.actions:
        if action.name in offered:
            node = drawn(COMPONENTS[action.name])["data"]["node"]
            assert (node["display_name"], node["description"]) == (action.title, action.description)
            assert node["icon"]


def test_the_form_is_that_of_the_manifest() -> None:
    node = drawn(COMPONENTS["search_memories"])["data"]["node"]
    template = node["template"]
    shown = [name for name in node["field_order"] if not template[name]["advanced"]]
    assert shown == ["api_key", "user_id", "query", "limit", "after"]
    assert template["user_id"]["required"]
    assert template["query"]["info"].startswith("Search query to find relevant memories")
    assert (template["limit"]["_input_type"], template["limit"]["value"]) == ("IntInput", 10)
    # An optional number without a default is not shown as 0.
    assert (template["threshold"]["_input_type"], template["threshold"]["value"]) == ("MessageTextInput", "")
    assert template["categories"]["list"]
    assert template["metadata"]["_input_type"] == "NestedDictInput"
    assert (template["api_key"]["_input_type"], template["api_key"]["load_from_db"]) == ("SecretStrInput", True)
    feedback = drawn(COMPONENTS["submit_feedback"])["data"]["node"]["template"]["feedback"]
    assert feedback["options"] == ["POSITIVE", "NEGATIVE", "VERY_NEGATIVE"]
    changes = drawn(COMPONENTS["batch_update_memories"])["data"]["node"]["template"]["memories"]
    assert [column["name"] for column in changes["table_schema"]] == ["memory_id", "text", "metadata"]
    messages = drawn(COMPONENTS["add_memories"])["data"]["node"]["template"]["messages"]
    assert {"Message", "Data", "DataFrame"} <= set(messages["input_types"])
    # One of Langflow's own, which it knows by name.
    assert (messages["_input_type"], messages["type"]) == ("MultilineInput", "str")
    # Only what an agent may choose.
    open_to_agents = {name for name, field in template.items() if isinstance(field, dict) and field.get("tool_mode")}
    assert open_to_agents == {"query", "limit"}


async def test_a_memory_that_is_added_is_found_by_the_node_that_runs_after(credential: dict[str, str]) -> None:
    flow = Flow()
    # The later node is the first on the canvas: only the edge orders them.
    search = flow.add(COMPONENTS["search_memories"], **credential, user_id="alice", query="vegetarian")
    add = flow.add(
        COMPONENTS["add_memories"],
        **credential,
        user_id="alice",
        messages="I am a vegetarian.",
        wait_for_completion=True,
        metadata={"source": "langflow"},
        timestamp="1735689600",
    )
    flow.connect(add, "result_data", search, "after")
    results = await flow.run()
    assert results[add]["result_data"].data["status"] == "SUCCEEDED"
    found = results[search]
    [record] = found["result_data"].data["search_results"]
    assert record["memory"] == "I am a vegetarian"
    assert record["metadata"] == {"source": "langflow"}
    assert list(found["result_table"]["memory"]) == ["I am a vegetarian"]
    assert found["result_text"].get_text() == "I am a vegetarian"


async def _memory(credential: dict[str, str], user: str = "alice") -> str:
    async with Runtime() as runtime:
        added = {"user_id": user, "messages": "I play tennis.", "wait_for_completion": True}
        await runtime.call("mem0", "add_memories", added, credential=credential)
        listed = await runtime.call("mem0", "get_memories", {"user_id": user}, credential=credential)
    return str(listed.output["ids"][0])


_SAMPLES: dict[str, Callable[[str], dict[str, Any]]] = {
    "add_memories": lambda _: {"messages": "I cook."},
    "batch_delete_memories": lambda memory: {"memory_ids": [memory, ""]},
    "batch_update_memories": lambda memory: {"memories": [{"memory_id": memory, "text": "I ski.", "metadata": ""}]},
    "check_connection": lambda _: {},
    "create_memory_export": lambda _: {"export_schema": {"properties": {"sport": {"type": "string"}}}},
    "delete_memories": lambda _: {"dry_run": True},
    "delete_memory": lambda memory: {"memory_id": memory},
    "get_event": lambda _: {"event_id": "EVENT"},
    "get_memories": lambda _: {"start_date": "2024-01-15", "limit": 0, "max_items": ""},
    "get_memory": lambda memory: {"memory_id": memory},
    "get_memory_export": lambda _: {},
    "get_memory_history": lambda memory: {"memory_id": memory},
    "search_memories": lambda _: {"query": "tennis", "threshold": "0.05", "categories": ["", "sports"]},
    "submit_feedback": lambda memory: {"memory_id": memory, "feedback": "POSITIVE"},
    "summarize_memories": lambda _: {},
    "update_memory": lambda memory: {"memory_id": memory, "text": "I play squash."},
}


@pytest.mark.parametrize("name", sorted(COMPONENTS))
async def test_every_component_runs_in_a_flow(name: str, credential: dict[str, str]) -> None:
    memory = await _memory(credential)
    values = _SAMPLES[name](memory)
    async with Runtime() as runtime:
        if name == "get_event":
            added = {"user_id": "alice", "messages": "I ski."}
            event = await runtime.call("mem0", "add_memories", added, credential=credential)
            values = {"event_id": event.output["event_id"]}
        if name == "get_memory_export":
            schema = {"user_id": "alice", "export_schema": {"properties": {"sport": {"type": "string"}}}}
            await runtime.call("mem0", "create_memory_export", schema, credential=credential)
    flow = Flow()
    owner = {} if name == "check_connection" else {"user_id": "alice"}
    node = flow.add(COMPONENTS[name], **credential, **owner, **values)
    assert len(flow.node(node)["template"]["code"]["value"]) < 700
    results = await flow.run()
    assert results[node]["result_data"].data["success"] is True
    assert results[node]["result_text"].get_text().strip()
    if name in ("get_memories", "search_memories", "get_memory_history"):
        assert len(results[node]["result_table"]) == 1


async def test_all_outputs_together_are_one_call_for_the_users_of_the_flow(
    server: ScriptedServer, scripted: dict[str, str]
) -> None:
    flow = Flow()
    search = flow.add(COMPONENTS["search_memories"], **scripted, user_id="alice", query="food")
    for output in ("result_data", "result_table", "result_text"):
        collect(flow, search, output)
    await flow.run()
    [request] = server.requests
    # The flow ran for a user of Langflow, who is nobody in Mem0.
    assert request.json()["filters"] == {"user_id": "alice"}
    assert LANGFLOW_USER not in str(request)
    taken = {type(one).__name__: one for one in TAKEN}
    assert taken["JSON"].data["search_results"][0]["memory"] == "I am a vegetarian"
    assert taken["Message"].get_text() == taken["Table"].iloc[0]["memory"] == "I am a vegetarian"


async def test_a_flow_that_runs_again_calls_again(server: ScriptedServer, scripted: dict[str, str]) -> None:
    flow = Flow()
    flow.add(COMPONENTS["search_memories"], **scripted, user_id="alice", query="food")
    await flow.run()
    await flow.run()
    assert len(server.requests) == 2


async def test_a_failed_call_stops_the_flow_with_one_line(credential: dict[str, str]) -> None:
    flow = Flow()
    wrong = credential | {"api_key": "m0-wrong-key-0123456789"}
    flow.add(COMPONENTS["check_connection"], **wrong)
    with pytest.raises(Exception, match="unauthorized: ") as raised:
        await flow.run()
    # Langflow's own words, then ours, with those of the service.
    line = str(raised.value).splitlines()[-1]
    assert line.startswith("unauthorized: Invalid API key.")
    assert wrong["api_key"] not in str(raised.value)

    flow = Flow()
    flow.add(COMPONENTS["search_memories"], **credential, user_id="alice", query="food", limit=5000)
    with pytest.raises(Exception, match=r"invalid_input: limit: ") as raised:
        await flow.run()
    assert len(str(raised.value).splitlines()[-1]) < 200


async def test_a_failed_call_lets_the_flow_go_on_where_the_author_says_so(credential: dict[str, str]) -> None:
    flow = Flow()
    search = flow.add(
        COMPONENTS["search_memories"], **credential, user_id="alice", query="food", limit=5000, stop_on_error=False
    )
    after = flow.add(COMPONENTS["get_memories"], **credential, user_id="alice")
    flow.connect(search, "result_text", after, "after")
    for output in ("result_data", "result_table"):
        collect(flow, search, output)
    results = await flow.run()
    assert results[search]["result_data"].data["success"] is False
    assert results[search]["result_data"].data["error"].startswith("invalid_input: limit: ")
    assert results[search]["result_text"].get_text() == results[search]["result_data"].data["error"]
    assert len(results[search]["result_table"]) == 0
    assert results[after]["result_data"].data["success"] is True
    # Alone, it is a step of the flow too, and no tool that could be refused.
    alone = Flow()
    node = alone.add(
        COMPONENTS["search_memories"], **credential, user_id="alice", query="food", limit=5000, stop_on_error=False
    )
    assert (await alone.run())[node]["result_data"].data["success"] is False


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("said", [{"role": "assistant", "content": "You like tea."}]),
        ("rows", [{"role": "user", "content": "I cook."}, {"role": "assistant", "content": "Noted."}]),
    ],
)
async def test_messages_of_other_nodes_keep_their_speakers(
    server: ScriptedServer, scripted: dict[str, str], output: str, expected: list[dict[str, str]]
) -> None:
    server.script(json_reply({"message": "queued", "status": "PENDING", "event_id": "e-1"}))
    flow = Flow()
    speaker = flow.add(Speaker)
    add = flow.add(COMPONENTS["add_memories"], **scripted, user_id="alice")
    flow.connect(speaker, output, add, "messages")
    await flow.run()
    assert server.requests[0].json()["messages"] == expected


async def test_a_table_of_another_node_is_sent_as_json(server: ScriptedServer, scripted: dict[str, str]) -> None:
    owned = json_reply({"id": "m-1", "memory": "I ski.", "user_id": "alice"})
    server.script(owned, json_reply({"message": "Successfully updated 1 memories"}))
    flow = Flow()
    speaker = flow.add(Speaker)
    update = flow.add(COMPONENTS["batch_update_memories"], **scripted, user_id="alice")
    flow.connect(speaker, "changes", update, "memories")
    await flow.run()
    [sent] = server.requests[-1].json()["memories"]
    visits = [{"at": "2026-01-31T00:00:00+00:00", "guests": 3}, {"at": None, "guests": 4}]
    # The empty cell of the text is not sent, so the text stays.
    assert sent == {"memory_id": "m-1", "metadata": {"visits": visits, "most": 4, "guests": [3, 4]}}


async def test_the_chat_gives_the_messages_and_the_user(server: ScriptedServer, scripted: dict[str, str]) -> None:
    server.script(json_reply({"message": "queued", "status": "PENDING", "event_id": "e-1"}))
    flow = Flow()
    said = flow.add(ChatInput, input_value="I like tea.", should_store_message=False)
    name = flow.add(Speaker)
    add = flow.add(COMPONENTS["add_memories"], **scripted)
    flow.connect(said, "message", add, "messages")
    flow.connect(name, "name", add, "user_id")
    await flow.run()
    body = server.requests[0].json()
    assert (body["user_id"], body["messages"]) == ("bob", [{"role": "user", "content": "I like tea."}])


async def test_nothing_from_another_node_does_not_widen_a_delete(
    server: ScriptedServer, scripted: dict[str, str]
) -> None:
    flow = Flow()
    speaker = flow.add(Speaker)
    delete = flow.add(COMPONENTS["delete_memories"], **scripted, user_id="alice", confirm=True, run_id="monday")
    flow.connect(speaker, "nothing", delete, "agent_id")
    with pytest.raises(Exception, match="invalid_input: agent_id: is blank beside run_id"):
        await flow.run()
    assert server.requests == []


async def _tool(flow: Flow, node: str) -> Any:
    collect(flow, node, "component_as_tool")
    await flow.run()
    [[tool]] = TAKEN
    return tool


def _as_tool(flow: Flow, node: str) -> None:
    """Switch on Tool Mode, as the editor does."""
    outputs = flow.node(node)["outputs"]
    outputs[:] = [
        {**outputs[0], "name": "component_as_tool", "method": "to_toolkit", "types": ["Tool"], "selected": "Tool"}
    ]
    flow.node(node)["tool_mode"] = True


async def test_as_a_tool_it_shows_what_the_author_left_open(server: ScriptedServer, scripted: dict[str, str]) -> None:
    flow = Flow()
    search = flow.add(COMPONENTS["search_memories"], **scripted, user_id="alice", limit=3, categories=["food"])
    _as_tool(flow, search)
    tool = await _tool(flow, search)
    assert tool.name == "search_memories"
    assert tool.description == "Search for memories in Mem0 using semantic search."
    assert list(tool.args) == ["query"]
    answer = await tool.ainvoke({"query": "food"})
    assert answer["search_results"][0]["memory"] == "I am a vegetarian"
    body = server.requests[0].json()
    assert body["top_k"] == 3
    assert (body["filters"], body["categories"]) == ({"user_id": "alice"}, ["food"])
    # Another user is refused, not replaced, and nothing is sent.
    refused = await tool.ainvoke({"query": "food", "user_id": "bob"})
    assert "user_id: is fixed and cannot be chosen" in str(refused)
    assert len(server.requests) == 1


async def test_a_tool_that_is_filled_in_wrongly_stops_the_flow(
    server: ScriptedServer, scripted: dict[str, str]
) -> None:
    flow = Flow()
    search = flow.add(COMPONENTS["search_memories"], **scripted, user_id="alice", limit=5000)
    _as_tool(flow, search)
    # The agent, who could not correct it, is not given the tool.
    with pytest.raises(Exception, match="limit cannot be fixed for search_memories: must be less than or equal"):
        await _tool(flow, search)
    assert server.requests == []


async def test_a_tool_without_a_user_does_nothing(server: ScriptedServer, scripted: dict[str, str]) -> None:
    flow = Flow()
    search = flow.add(COMPONENTS["search_memories"], **scripted)
    _as_tool(flow, search)
    tool = await _tool(flow, search)
    assert list(tool.args) == ["query", "limit"]
    for refused in (await tool.ainvoke({"query": "food", "user_id": "bob"}), tool.invoke({"query": "food"})):
        assert "user_id: fill it in on the component" in str(refused)
    assert server.requests == []


async def test_a_component_that_has_nothing_to_fill_in_is_a_tool_too(scripted: dict[str, str]) -> None:
    flow = Flow()
    node = flow.add(COMPONENTS["get_memory_export"], **scripted, user_id="alice")
    assert flow.node(node)["add_tool_output"]
    _as_tool(flow, node)
    tool = await _tool(flow, node)
    assert (tool.name, list(tool.args)) == ("get_memory_export", [])


async def test_the_key_comes_from_a_variable_and_is_in_no_flow_and_no_result(
    server: ScriptedServer, scripted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = scripted["api_key"]
    monkeypatch.setenv("MEM0_API_KEY", key)
    flow = Flow()
    search = flow.add(COMPONENTS["search_memories"], base_url=scripted["base_url"], user_id="alice", query="food")
    assert flow.node(search)["template"]["api_key"]["value"] == "MEM0_API_KEY"
    results = await flow.run(fallback_to_env_vars=True)
    assert server.requests[0].headers["authorization"] == f"Token {key}"
    assert key not in flow.saved()
    assert key not in str(results)


async def test_an_empty_key_is_not_replaced_by_the_servers(
    server: ScriptedServer, scripted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEM0_API_KEY", scripted["api_key"])
    component = COMPONENTS["search_memories"]()
    component.set(api_key="", base_url=scripted["base_url"], user_id="alice", query="food")
    with pytest.raises(Exception, match="missing_credential: "):
        await component.build_result()
    assert server.requests == []


async def test_a_written_extension_of_another_integration_runs(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lfx.extension.discovery import discover_seed_extensions

    site, folder = tmp_path / "site", tmp_path / "seed" / "tiny"
    site.mkdir()
    install(site, "tiny-package", AWKWARD)
    monkeypatch.syspath_prepend(str(site))
    # A Langflow that starts with the package installed.
    component._process_runtime.cache_clear()
    try:
        for path, text in bundle_files(discover()["tiny"].manifest).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        [found], errors = discover_seed_extensions(seed_dir_env=str(folder.parent), default=None)
        assert (errors, found.bundle_names) == ([], ("modulex_tiny",))
        written = components(found.extension_root)
        server.script(json_reply({"status": "ok"}))
        flow = Flow()
        credential = {"api_key": "tk-0123456789abcdef", "base_url": server.url}
        # Names that Langflow uses for something else are the same parameters under another name.
        node = flow.add(written["send"], **credential, index_="7", code_="c", result_text_="t", user_id="alice")
        check = flow.add(written["check_connection"], **credential)
        results = await flow.run()
    finally:
        component._process_runtime.cache_clear()
    [sent] = [request for request in server.requests if request.method == "POST"]
    assert sent.json() == {"index": "7", "code": "c", "result_text": "t", "user_id": "alice"}
    assert results[node]["result_data"].data["success"] is True
    assert results[check]["result_text"].get_text() == "Tiny accepts the credential."


def _rewritten(flow: Flow, node: str, old: str, new: str) -> None:
    """Change the source of a component in a saved flow, as one that was saved elsewhere may differ."""
    code = flow.node(node)["template"]["code"]
    assert old in code["value"]
    code["value"] = code["value"].replace(old, new)


async def test_a_flow_with_an_action_that_no_longer_exists_names_it(scripted: dict[str, str]) -> None:
    flow = Flow()
    node = flow.add(COMPONENTS["search_memories"], **scripted, user_id="alice", query="food")
    _rewritten(flow, node, 'action = "search_memories"', 'action = "search_memory"')
    with pytest.raises(Exception, match="mem0 has no action 'search_memory'; did you mean 'search_memories'"):
        await flow.run()


async def test_a_flow_with_an_integration_that_is_not_installed_names_it(scripted: dict[str, str]) -> None:
    flow = Flow()
    node = flow.add(COMPONENTS["check_connection"], **scripted)
    _rewritten(flow, node, 'integration = "mem0"', 'integration = "tiny"')
    with pytest.raises(Exception, match="no integration 'tiny' is installed; known: mem0"):
        await flow.run()


async def test_a_flow_with_an_integration_that_cannot_be_loaded_says_why(
    scripted: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "tiny-package", "import no_such_library", point="tiny")
    monkeypatch.syspath_prepend(str(tmp_path))
    flow = Flow()
    node = flow.add(COMPONENTS["check_connection"], **scripted)
    _rewritten(flow, node, 'integration = "mem0"', 'integration = "tiny"')
    component._process_runtime.cache_clear()
    try:
        with pytest.raises(Exception, match=r"integration 'tiny' failed to load: .*No module named 'no_such_library'"):
            await flow.run()
    finally:
        component._process_runtime.cache_clear()


AWKWARD = """
from tests.helpers.tiny_integration import SendOutput, profile
from modulex_mem0.contract import ActionInput, Context, Integration, action, hookimpl

class Input(ActionInput):
    index: str = ""
    code: str = ""
    result_text: str = ""
    user_id: str = ""

@action(title="Send")
async def send(context: Context, input: Input) -> SendOutput:
    '''Send.'''
    reply = await context.http.send("POST", "/things/", json=input.model_dump())
    reply.require_success()
    return SendOutput(success=True)

@hookimpl
def modulex_integrations():
    return [Integration(profile("tiny"), actions=[send])]
"""


def test_the_extension_is_found_without_being_imported() -> None:
    from lfx.extension.discovery import discover_installed_extensions

    extensions, errors = discover_installed_extensions()
    [ours] = [extension for extension in extensions if extension.extension_id == "lfx-modulex-mem0"]
    assert [error for error in errors if "modulex" in str(error)] == []
    # Langflow has a bundle `mem0` of its own.
    assert ours.bundle_names == ("modulex_mem0",)
    assert ours.extension_root.samefile(EXTENSION)


def test_langflows_own_check_accepts_it() -> None:
    from lfx.extension.validate import validate_extension

    report = validate_extension(EXTENSION)
    assert [*report.errors.errors, *report.errors.warnings] == []
    assert report.bundle_files_scanned == len(COMPONENTS) + 1
