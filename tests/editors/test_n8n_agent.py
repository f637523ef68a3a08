"""The node as a tool of an agent in n8n: what the model decides, what it cannot, and what it gets back.

The agent is n8n's own; its chat model is a scripted server that speaks OpenAI's protocol.
"""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modulex_mem0.runtime import discover
from modulex_mem0.sandbox import RunningSandbox, running_sandbox
from tests.editors.conftest import Editor, require_n8n
from tests.helpers.scripted_server import ScriptedServer, Step
from tests.helpers.steps import json_reply

require_n8n()

Json = dict[str, Any]

_CHAT, _AGENT, _MODEL = "When chat message received", "AI Agent", "Chat Model"
_LANGCHAIN = "@n8n/n8n-nodes-langchain"
_QUERY = "={{ $fromAI('query', 'What to look for', 'string') }}"
_PATIENCE = 60  # seconds, for what takes one on an idle machine
_NUMBERS = itertools.count(1)


class Mem0:
    """A sandbox that writes down what it is asked, and the credential for it."""

    def __init__(self, sandbox: RunningSandbox, server: dict[str, str], record: Path) -> None:
        self.credential = server | {"base_url": sandbox.base_url, "api_key": sandbox.api_key}
        self._sandbox = sandbox
        self._record = record
        self._read = 0

    def add(self, user: str, text: str) -> None:
        body = {"user_id": user, "messages": [{"role": "user", "content": text}], "infer": False}
        url, headers = f"{self._sandbox.base_url}/v3/memories/add/", self._sandbox.headers
        httpx.post(url, json=body, headers=headers).raise_for_status()

    def requests(self) -> list[tuple[str, Json]]:
        """The path and the body of each POST since the last call."""
        lines = self._record.read_text("utf-8").splitlines()
        new, self._read = lines[self._read :], len(lines)
        return [(line["path"], line["body"]) for line in map(json.loads, new) if line["method"] == "POST"]


class Flows:
    """Flows of a chat and an agent, which n8n's REST API makes; all have one chat model."""

    def __init__(self, api: httpx.Client, model: ScriptedServer, mem0: Mem0) -> None:
        self._api = api
        self.model = model
        self.mem0 = self._credential("Mem0 of the agent", "modulexMem0Api", mem0.credential)
        self._openai = self._credential("Scripted model", "openAiApi", {"apiKey": "any", "url": f"{model.url}/v1"})

    def _credential(self, name: str, kind: str, data: dict[str, str]) -> Json:
        created = self._post("/rest/credentials", {"name": name, "type": kind, "data": data})
        return {kind: {"id": created["id"], "name": name}}

    def create(self, *tools: Json) -> Json:
        """A flow with these tools, as n8n stores it."""
        model = {"model": {"__rl": True, "mode": "id", "value": "scripted"}, "responsesApiEnabled": False}
        chat = f"chat-{next(_NUMBERS)}"
        nodes = [
            _node(_CHAT, f"{_LANGCHAIN}.chatTrigger", 1.4, {"public": True}) | {"webhookId": chat},
            _node(_AGENT, f"{_LANGCHAIN}.agent", 3.1, {}) | {"position": [250, 0]},
            _node(_MODEL, f"{_LANGCHAIN}.lmChatOpenAi", 1.3, model)
            | {"credentials": self._openai, "position": [150, 250]},
            *tools,
        ]
        links = {_CHAT: "main", _MODEL: "ai_languageModel"} | {tool["name"]: "ai_tool" for tool in tools}
        connections = {name: {kind: [[{"node": _AGENT, "type": kind, "index": 0}]]} for name, kind in links.items()}
        flow = {
            "name": "A chat that remembers",
            "nodes": nodes,
            "connections": connections,
            "settings": {"executionOrder": "v1"},
        }
        created: Json = self._post("/rest/workflows", flow)
        return created

    def tool(self, name: str, operation: str, user: str, **parameters: Any) -> Json:
        """The node as a tool, with an operation that its author chose."""
        given = {"operation": operation, "user_id": user, **parameters}
        return _node(name, "n8n-nodes-modulex-mem0.mem0Tool", 1, given) | {"credentials": self.mem0}

    def chat(self, flow: Json, *steps: Step) -> str:
        """What the agent answers to alice, while the model takes these steps."""
        path = f"/rest/workflows/{flow['id']}"
        (chat,) = (node["webhookId"] for node in flow["nodes"] if node["name"] == _CHAT)
        self._post(f"{path}/activate", {"versionId": flow["versionId"]})
        deadline = time.monotonic() + _PATIENCE
        while self._api.get(f"{path}/publication-status").json()["data"]["status"] == "in_progress":
            assert time.monotonic() < deadline, "n8n does not publish the flow"
            time.sleep(0.1)
        self.model.script(*steps)
        said = {"action": "sendMessage", "sessionId": "session-1", "chatInput": "What may I cook?", "user": "alice"}
        reply = self._api.post(f"/webhook/{chat}/chat", json=said)
        assert reply.status_code == 200, reply.text
        answer: str = reply.json()["output"]
        return answer

    def tools(self) -> dict[str, Json]:
        """What the model learned of each tool."""
        offered = self.model.requests[0].json()["tools"]
        return {tool["function"]["name"]: tool["function"] for tool in offered}

    def results(self) -> list[Any]:
        """What the model got back from its calls, in order."""
        messages = self.model.requests[-1].json()["messages"]
        return [json.loads(message["content"]) for message in messages if message["role"] == "tool"]

    def _post(self, path: str, body: Json) -> Any:
        reply = self._api.post(path, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()["data"]


def _node(name: str, kind: str, version: float, parameters: Json) -> Json:
    described = {"name": name, "type": kind, "typeVersion": version, "parameters": parameters}
    return described | {"id": f"node-{next(_NUMBERS)}", "position": [0, 0]}


def _calls(tool: str, **arguments: Any) -> Step:
    """The model calls a tool."""
    function = {"name": tool, "arguments": json.dumps(arguments)}
    return _says(None, tool_calls=[{"id": f"call-{next(_NUMBERS)}", "type": "function", "function": function}])


def _says(text: str | None, **more: Any) -> Step:
    message = {"role": "assistant", "content": text, **more}
    reason = "tool_calls" if more else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    used = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    described = {"id": "1", "object": "chat.completion", "created": 1, "model": "scripted"}
    return json_reply(described | {"choices": [choice], "usage": used})


@pytest.fixture(scope="module")
def mem0(server: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mem0]:
    record = tmp_path_factory.mktemp("sandbox") / "record.jsonl"
    with running_sandbox(delay=0, record=record) as sandbox:
        yield Mem0(sandbox, server, record)


@pytest.fixture(scope="module")
def flows(api: httpx.Client, mem0: Mem0) -> Iterator[Flows]:
    with ScriptedServer() as model:
        yield Flows(api, model, mem0)


def test_an_agent_remembers_and_recalls(flows: Flows, mem0: Mem0) -> None:
    said = "={{ $fromAI('fact', 'What the user said', 'string') }}"
    messages = {"entries": [{"role": "user", "content": said}]}
    add = flows.tool(
        "Add memories", "add_memories", "alice", messages=messages, additionalFields={"wait_for_completion": True}
    )
    mem0.requests()
    answer = flows.chat(
        flows.create(flows.tool("Search memories", "search_memories", "alice", query=_QUERY), add),
        _calls("Search_memories", query="food"),
        # A model that sends more than it was asked for.
        _calls("Add_memories", fact="I am a vegetarian.", user_id="bob", user="bob"),
        _calls("Search_memories", query="vegetarian", user_id="bob", limit=1),
        _calls("Search_memories", query=""),
        _says("Lentils."),
    )
    assert answer == "Lentils."

    # Each tool has the description of its action, and the parameters that were left to the model.
    declared = {action.name: action.description for action in discover()["mem0"].describe().actions}
    tools = flows.tools()
    assert {name: tool["description"] for name, tool in tools.items()} == {
        "Search_memories": declared["search_memories"],
        "Add_memories": declared["add_memories"],
    }
    assert {name: list(tool["parameters"]["properties"]) for name, tool in tools.items()} == {
        "Search_memories": ["query"],
        "Add_memories": ["fact"],
    }

    # The user is the author's, the rest the model's, and nothing is n8n's.
    assert mem0.requests() == [
        ("/v3/memories/search/", {"filters": {"user_id": "alice"}, "query": "food", "top_k": 10}),
        ("/v3/memories/add/", {"user_id": "alice", "messages": [{"role": "user", "content": "I am a vegetarian."}]}),
        ("/v3/memories/search/", {"filters": {"user_id": "alice"}, "query": "vegetarian", "top_k": 10}),
    ]

    (nothing,), (added,), (found,), (refused,) = flows.results()
    assert nothing == {"success": True, "error": None, "search_results": [], "ids": []}
    assert (added["success"], added["status"]) == (True, "SUCCEEDED")
    assert [memory["memory"] for memory in found["search_results"]] == ["I am a vegetarian"]
    assert refused == {"error": "invalid_input: query: must be non-empty text"}


@pytest.mark.parametrize(
    "user",
    [
        "={{ $json.user }}",
        "={{ $input.item.json.user }}",
        "={{ $json['user'] ?? 'alice' }}",
        "={{ $fromAI('user', 'Whose memories', 'string') }}",
    ],
)
def test_a_user_that_the_model_could_choose_is_refused(flows: Flows, mem0: Mem0, user: str) -> None:
    mem0.requests()
    flow = flows.create(flows.tool("Search memories", "search_memories", user, query=_QUERY))
    flows.chat(flow, _calls("Search_memories", query="food", user="bob"), _says("I do not know."))
    assert flows.results() == [[{"error": "invalid_input: user_id: must not be the choice of the agent's model"}]]
    assert mem0.requests() == []


def test_the_user_comes_from_a_node_by_its_name(flows: Flows, mem0: Mem0) -> None:
    mem0.requests()
    user = f"={{{{ $('{_CHAT}').item.json.user }}}}"
    flow = flows.create(flows.tool("Search memories", "search_memories", user, query=_QUERY))
    flows.chat(flow, _calls("Search_memories", query="food", user="bob", user_id="bob"), _says("Lentils."))
    (request,) = mem0.requests()
    assert request[1]["filters"] == {"user_id": "alice"}


def test_a_tool_is_made_in_the_editor(editor: Editor, flows: Flows, mem0: Mem0) -> None:
    """As docs/hosts/n8n.md has it: from an agent without tools to an answer in n8n's chat."""
    flow, page, expect = flows.create(), editor.page, editor.expect
    page.goto(f"/workflow/{flow['id']}")
    page.locator('[data-handleid="inputs/ai_tool/0"]').get_by_test_id("canvas-handle-plus").click()
    # The panel opens with another list, in which nothing may be typed.
    expect(editor.find("node-creator-item-name").filter(has_text="AI Agent Tool")).to_be_visible()
    expect(page.get_by_text("Other AI Nodes")).to_be_hidden()
    editor.find("node-creator-search-bar").fill("mem0")
    editor.find("node-creator-item-name").get_by_text("Mem0 Tool", exact=True).click()
    editor.find("node-credentials-select").click()
    page.get_by_role("option", name=flows.mem0["modulexMem0Api"]["name"]).click()
    editor.find("parameter-input-operation").click()
    page.get_by_role("option", name="Search Memories").click()
    described = editor.find("parameter-input-toolDescription").locator("textarea")
    expect(described).to_have_value("Search for memories in Mem0 using semantic search.")
    editor.fill("user_id", "alice")
    query = page.locator(".parameter-item", has=editor.find("parameter-input-query"))
    query.get_by_test_id("from-ai-override-button").click()
    expect(page.get_by_text("Defined automatically by the model")).to_be_visible()
    expect(editor.find("parameter-input-splitIntoItems")).to_be_hidden()
    editor.find("node-title-container").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Search memories")
    page.keyboard.press("Enter")
    editor.picture("10-tool")
    editor.close_form()

    mem0.add("alice", "I am a vegetarian and I cook.")
    mem0.requests()
    flows.model.script(_calls("Search_memories", Query="vegetarian"), _says("Lentils, as always."))
    editor.find("workflow-chat-button").click()
    editor.find("chat-input").fill("What may I cook?")
    editor.find("chat-input").press("Enter")
    expect(page.get_by_text("Lentils, as always.").first).to_be_visible()
    editor.picture("11-agent")
    ((found,),) = flows.results()
    assert "I am a vegetarian and I cook." in [memory["memory"] for memory in found["search_results"]]
    (request,) = mem0.requests()
    assert request == (
        "/v3/memories/search/",
        {"filters": {"user_id": "alice"}, "query": "vegetarian", "top_k": 10},
    )
