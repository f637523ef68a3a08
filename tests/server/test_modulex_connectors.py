"""ModuleX's connectors on the page and in the API, where they are installed: listed, found, and loaded when opened.

With MODULEX_ALL=yes, the OpenAPI document of all of them is validated, which takes minutes.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from modulex_mem0.runtime import Runtime
from tests.server.conftest import Console, serving

pytest.importorskip("modulex_integrations", reason="modulex-integrations needs Python 3.12: see scripts/test-elsewhere")

_ALL = os.environ.get("MODULEX_ALL") == "yes"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One server for all of these tests, since loading takes its time."""
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


def _listed(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {found["name"]: found for found in client.get("/v1/integrations").json()["integrations"]}


def test_they_are_listed_at_once_and_loaded_when_they_are_opened(client: httpx.Client) -> None:
    before = _listed(client)
    assert len(before) > 190
    assert before["modulex_tools_algolia"] == {
        "name": "modulex_tools_algolia",
        "distribution": "modulex-integrations",
        "loaded": False,
    }
    manifest = client.get("/v1/integrations/modulex_tools_algolia").json()
    after = _listed(client)
    assert after["modulex_tools_algolia"]["actions"] == len(manifest["actions"]) > 0
    assert after["modulex_tools_algolia"]["display_name"] == manifest["display_name"]
    others = {name for name, found in after.items() if not found["loaded"]} - {"modulex_tools_algolia"}
    assert len(others) > 180, "something else was loaded too"


def test_the_openapi_document_has_them_and_is_valid(client: httpx.Client) -> None:
    names = [name for name in Runtime().integrations if name != "tiny"]
    sample = names if _ALL else [*names[::20], "mem0"]
    document = client.get("/openapi.json", params={"integration": sample}, timeout=300).json()
    OpenAPIV31SpecValidator(document).validate()
    for name in sample:
        for action in client.get(f"/v1/integrations/{name}").json()["actions"]:
            operation = document["paths"][f"/v1/integrations/{name}/actions/{action['name']}"]["post"]
            assert operation["summary"] == action["title"]
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_the_page_finds_them_and_shows_their_forms(console: Console, chromium: Any) -> None:
    from tests.server.browser import Browser, expect

    browser = Browser(chromium, console)
    page = browser.page
    browser.sign_in()
    expect(page.get_by_role("listitem").nth(190)).to_be_attached()
    page.get_by_label("Search").fill("Algolia")
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("link", name="algolia").click()
    expect(page.get_by_role("heading", name="Actions")).to_be_visible()
    manifest: dict[str, Any]
    with console.client() as client:
        manifest = client.get("/v1/integrations/modulex_tools_algolia").json()
    required = [field for field in manifest["auth_schemes"][0]["fields"] if field["required"]]
    for field in required:
        expect(page.get_by_label(field["display_name"]).first).to_be_visible()
    for action in manifest["actions"]:
        browser.open(f"#/integrations/modulex_tools_algolia/{action['name']}")
        expect(page.get_by_role("heading", name=re.compile(f"^{re.escape(action['title'])}"))).to_be_visible()
        expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    assert browser.problems == []
    browser.context.close()
