"""The OpenAPI document: valid, complete, and about what is installed. Clients made from it are in tests/clients/."""

from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from modulex_mem0.contract import ActionManifest, IntegrationManifest
from modulex_mem0.server import openapi_document


@pytest.fixture
def document(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_it_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.0"


def test_it_has_an_operation_for_each_action_of_each_installed_integration(
    document: dict[str, Any], client: httpx.Client
) -> None:
    for listed in client.get("/v1/integrations").json()["integrations"]:
        name = listed["name"]
        for action in client.get(f"/v1/integrations/{name}").json()["actions"]:
            operation = document["paths"][f"/v1/integrations/{name}/actions/{action['name']}"]["post"]
            assert operation["operationId"] == f"{name}_{action['name']}"
            assert operation["summary"] == action["title"]
            assert operation["x-modulex-hints"] == action["hints"]
            assert "200" in operation["responses"]
    headers = [p["name"] for p in document["paths"]["/v1/integrations/mem0/actions/get_memories"]["post"]["parameters"]]
    assert headers == ["Modulex-Credential", "Modulex-Field-Api-Key", "Modulex-Field-Base-Url", "Modulex-Timeout"]


def test_schemas_are_those_of_the_manifest(document: dict[str, Any], client: httpx.Client) -> None:
    (manifest,) = [
        action
        for action in client.get("/v1/integrations/mem0").json()["actions"]
        if action["name"] == "search_memories"
    ]
    schema = document["components"]["schemas"]["Mem0SearchMemoriesInput"]
    assert schema["required"] == manifest["input_schema"]["required"]
    assert schema["properties"]["limit"] == manifest["input_schema"]["properties"]["limit"]
    output = document["components"]["schemas"]["Mem0SearchMemoriesOutput"]
    reference = output["properties"]["search_results"]["items"]["$ref"]
    assert reference == "#/components/schemas/Mem0SearchMemoriesOutputSearchResultRecord"


def test_one_integration_can_be_asked_for(client: httpx.Client) -> None:
    paths = client.get("/openapi.json?integration=tiny").json()["paths"]
    assert "/v1/integrations/tiny/actions/fetch" in paths
    assert not any("/mem0/" in path for path in paths)
    assert client.get("/openapi.json?integration=none").status_code == 404


def test_references_of_any_kind_are_moved_once_and_ids_are_unique() -> None:
    shared = {"$ref": "#/$defs/Tree"}
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/x",
        "type": "object",
        "properties": {"a": shared, "b": shared, "c": {"$ref": "#/properties/a"}, "$ref": {"type": "string"}},
        "$defs": {
            "Tree": {"type": "object", "properties": {"child": {"$ref": "#/$defs/Tree"}, "root": {"$ref": "#"}}},
            "odd name/x": {"type": "string"},
        },
    }
    output = {"type": "object", "properties": {"success": {"type": "boolean"}, "error": {}}}

    def manifest(name: str, action: str) -> IntegrationManifest:
        return IntegrationManifest(
            name=name, display_name="X", description="X.", version="1.0.0", author="X",
            actions=(
                ActionManifest(name=action, title="X", description="X.", input_schema=schema, output_schema=output),
            ),
        )  # fmt: skip

    document = openapi_document([manifest("a_b", "c"), manifest("a", "b_c")])
    OpenAPIV31SpecValidator(document).validate()
    moved = document["components"]["schemas"]["ABCInput"]
    assert moved["properties"]["a"] == {"$ref": "#/components/schemas/ABCInputTree"}
    assert moved["properties"]["c"] == {"$ref": "#/components/schemas/ABCInput/properties/a"}
    assert moved["properties"]["$ref"] == {"type": "string"}
    assert schema["properties"]["a"] == {"$ref": "#/$defs/Tree"}, "the manifest itself was changed"
    ids = [path["post"]["operationId"] for name, path in document["paths"].items() if "/actions/" in name]
    assert len(set(ids)) == 2
