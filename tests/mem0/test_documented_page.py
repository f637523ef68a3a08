"""The three documented actions and the form for the key: as on the connector's page, with the recorded requests."""

import json
from typing import Any

import pytest

from modulex_mem0.runtime import Runtime
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import BY_NAME, KEY, Mem0, data

PARAMETERS: dict[str, list[dict[str, Any]]] = data("page_parameters.json")
DOCUMENTED = sorted(PARAMETERS)
# The page's typesetter made these out of the straight ones that a form needs to show valid JSON.
_STRAIGHT = str.maketrans(
    {
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
)


def straight(text: str) -> str:
    return text.translate(_STRAIGHT)


@pytest.mark.parametrize("action", DOCUMENTED)
def test_the_output_schema_equals_the_pages(action: str) -> None:
    assert BY_NAME[action].describe().output_schema == data(f"page_{action}_output.json")


@pytest.mark.parametrize("action", DOCUMENTED)
def test_the_documented_parameters_come_first_in_the_pages_order(action: str) -> None:
    properties = BY_NAME[action].describe().input_schema["properties"]
    names = [parameter["name"] for parameter in PARAMETERS[action]]
    assert list(properties)[: len(names)] == names
    assert not [name for name in names if "x-advanced" in properties[name]]


@pytest.mark.parametrize("action", DOCUMENTED)
def test_every_further_parameter_is_optional_and_advanced(action: str) -> None:
    schema = BY_NAME[action].describe().input_schema
    documented = {parameter["name"] for parameter in PARAMETERS[action]}
    further = {name: value for name, value in schema["properties"].items() if name not in documented}
    assert further
    assert not [name for name, value in further.items() if value.get("x-advanced") is not True]
    assert set(schema["required"]) == {p["name"] for p in PARAMETERS[action] if p["required"]}


@pytest.mark.parametrize(
    ("action", "parameter"),
    [pytest.param(name, p, id=f"{name}-{p['name']}") for name in DOCUMENTED for p in PARAMETERS[name]],
)
def test_a_documented_parameter_is_described_as_on_the_page(action: str, parameter: dict[str, Any]) -> None:
    shown = BY_NAME[action].describe().input_schema["properties"][parameter["name"]]
    assert shown["type"] == parameter["type"]
    assert shown.get("default") == parameter.get("default")
    # The page hides the descriptions of the search's parameters behind a fold.
    if "description" in parameter:
        assert shown["description"] == straight(parameter["description"])


def test_the_catalogue_card_is_the_pages() -> None:
    profile, page = Runtime().integrations["mem0"].profile, data("page_profile.json")
    assert profile.description == page["overview"]
    assert list(profile.categories) == page["categories"]
    assert list(profile.limits) == page["limits"]


def test_the_authentication_is_the_pages() -> None:
    (scheme,), page = Runtime().integrations["mem0"].profile.auth_schemes, data("page_profile.json")
    assert (scheme.type, scheme.display_name, scheme.description) == (
        "api_key",
        page["display_name"],
        page["description"],
    )
    assert list(scheme.setup_steps) == [straight(step) for step in page["steps"]]
    shown = [field.model_dump(include={"display_name", "description", "required"}) for field in scheme.fields]
    assert shown[:1] == page["fields"]


def test_the_key_is_masked_and_the_address_is_an_optional_extra() -> None:
    ((key, address),) = (scheme.fields for scheme in Runtime().integrations["mem0"].profile.auth_schemes)
    assert (key.name, key.environment_variable, key.required, key.sensitive) == ("api_key", "MEM0_API_KEY", True, True)
    assert (address.name, address.environment_variable) == ("base_url", "MEM0_BASE_URL")
    assert (address.required, address.advanced, address.default) == (False, True, "https://api.mem0.ai")


CASES = data("documented_requests.json")
REPLIES: dict[str, Any] = {
    "/v3/memories/add/": {"status": "PENDING", "event_id": "e-1"},
    "/v3/memories/search/": {"results": []},
    "/v3/memories/": {"count": 0, "next": None, "previous": None, "results": []},
    "/v1/memories/mem_abc123/": {"id": "mem_abc123", "user_id": "alice"},
}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
async def test_the_request_is_the_recorded_one(scripted: Mem0, server: ScriptedServer, case: dict[str, Any]) -> None:
    server.script(json_reply(REPLIES[case["target"]]))
    await scripted.ok(case["action"], **case["input"])
    (request,) = server.requests
    assert (request.method, request.target) == (case["method"], case["target"])
    assert request.headers["authorization"] == f"Token {KEY}"
    if case["body"] is None:
        assert request.body == b""
    else:
        assert json.loads(request.body) == case["body"]
        assert request.headers["content-type"] == "application/json"


async def test_a_base_url_with_a_slash_at_its_end_leads_to_the_same_place(
    scripted: Mem0, server: ScriptedServer
) -> None:
    server.script(json_reply({"results": []}))
    scripted.credential["base_url"] = f"{server.url}/"
    await scripted.ok("search_memories", user_id="alice", query="food")
    assert server.requests[0].target == "/v3/memories/search/"


async def test_values_at_their_defaults_send_the_same_as_left_out(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"status": "PENDING", "results": [], "count": 0}))
    await scripted.ok("add_memories", user_id="alice", messages="Hi", infer=True, wait_for_completion=False)
    await scripted.ok("search_memories", user_id="alice", query="x", limit=10, rerank=False, filters=None)
    await scripted.ok("get_memories", user_id="alice", page=1, return_all=False, agent_id=None)
    assert [request.json() for request in server.requests] == [
        {"messages": [{"role": "user", "content": "Hi"}], "user_id": "alice"},
        {"query": "x", "filters": {"user_id": "alice"}, "top_k": 10},
        {"filters": {"user_id": "alice"}, "page": 1, "page_size": 10},
    ]
