"""Packages of other integrations: three of ModuleX's, which differ in how they authenticate and in what they take.

They need Python 3.12; see scripts/test-elsewhere.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("modulex_integrations", reason="modulex-integrations is not installed; it needs Python 3.12")

from modulex_mem0.cli.app import root
from modulex_mem0.contract import IntegrationManifest
from modulex_mem0.hosts.n8n import package_name
from modulex_mem0.runtime import discover
from tests.hosts.n8n.conftest import Lint, Run
from tests.server.conftest import TOKEN, serving

# An API key and an action with a parameter `operation`; OAuth 2 and a parameter `resource`; no authentication.
_NAMES = ("modulex_tools_obsidian", "modulex_tools_google_ads", "modulex_tools_arxiv")


@pytest.fixture(scope="module")
def manifests() -> dict[str, IntegrationManifest]:
    registry = discover()
    return {name: registry[name].describe() for name in _NAMES}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a package with the command."""
    from click.testing import CliRunner

    def written(name: str) -> Path:
        folder = tmp_path / package_name(name)
        done = CliRunner().invoke(root, ["n8n", str(folder), "--integration", name])
        assert done.exit_code == 0, done.output
        return folder

    return written


@pytest.mark.parametrize("name", _NAMES)
def test_a_package_works_against_a_server(
    name: str, write: Callable[[str], Path], manifests: dict[str, IntegrationManifest], run_node: Run, tmp_path: Path
) -> None:
    package, manifest = write(name), manifests[name]
    # An action with a text that is required, where an object is no text; so nothing is sent to the service.
    action, parameter = next(
        (action, name)
        for action in manifest.actions
        for name in action.input_schema.get("required", ())
        if action.input_schema["properties"][name].get("type") == "string"
    )
    filled = {
        field.name: "https://localhost:1" if field.kind == "url" else "x"
        for scheme in manifest.auth_schemes[:1]
        for field in scheme.fields
    }
    with serving(tmp_path / "home", record_inputs=True) as console:
        credential = {"serverUrl": console.url, "serverToken": TOKEN, **filled}
        parameters: dict[str, Any] = {"operation": action.name, parameter: '={{ ({"a": 1}) }}'}
        wrong, refused = run_node(
            package,
            {"test": credential | {"serverToken": "not the token"}},
            {"credential": credential, "parameters": parameters},
        )
        with console.client() as client:
            (run,) = client.get("/v1/runs").json()["runs"]
    assert wrong["status"] == "Error"
    assert "Correct the server token" in wrong["message"]
    assert refused["error"]["message"].startswith(f"invalid_input: {parameter}: ")
    assert (run["integration"], run["action"], run["outcome"]) == (name, action.name, "invalid_input")


def test_parameters_named_like_fields_of_the_form_have_another_name(write: Callable[[str], Path]) -> None:
    package = write("modulex_tools_obsidian")
    (described,) = package.glob("dist/nodes/*/*.description.json")
    sent = json.loads(described.read_text())["operations"]["patch_note"]["fields"]
    assert sent["operation"]["property"] == "operation_"


def test_n8ns_own_rules_find_nothing(write: Callable[[str], Path], lint: Lint) -> None:
    assert lint(*map(write, _NAMES)) == []
