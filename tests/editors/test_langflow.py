"""Langflow's editor in a real browser: from nothing to a flow that stores a memory and finds it.

With MODULEX_PICTURES=docs/hosts/langflow, the pictures of docs/hosts/langflow.md are made. `make test-editors` installs
Langflow and runs this.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.sandbox import RunningSandbox, running_sandbox

if os.environ.get("MODULEX_EDITORS") != "yes":
    pytest.skip("takes minutes: make test-editors", allow_module_level=True)
_LANGFLOW = Path(__file__).parents[2] / ".venv-editors" / "bin" / "langflow"
if not _LANGFLOW.exists():
    pytest.skip("Langflow is not installed: make test-editors", allow_module_level=True)
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if _CHROMIUM is None:
    pytest.skip("no chromium was found: apt-get install chromium", allow_module_level=True)
api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install --group test")
expect = api.expect

_PICTURES = os.environ.get("MODULEX_PICTURES")
_WRONG = "m0-wrong-key-0123456789"
# How often it is asked, a second apart: the server imports a thousand modules before it answers.
_START = 600
_PATIENCE = 180_000


@pytest.fixture(scope="module")
def mem0() -> Iterator[RunningSandbox]:
    with running_sandbox(delay=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def langflow(mem0: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Langflow that has just been installed, with nothing in it."""
    home = tmp_path_factory.mktemp("langflow")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "DO_NOT_TRACK": "true",
        "LANGFLOW_AUTO_LOGIN": "true",
        "LANGFLOW_CONFIG_DIR": str(home / "config"),
        "LANGFLOW_DATABASE_URL": f"sqlite:///{home}/langflow.db",
        # Where Mem0 is, for all flows of this server; the key is in none of its settings.
        "MEM0_BASE_URL": mem0.base_url,
    }
    command = [str(_LANGFLOW), "run", "--host", "127.0.0.1", "--port", str(port), "--no-open-browser", "--workers", "1"]
    log = home / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=home, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        ) as server,
    ):
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            # With its workers, which would outlive it.
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def _wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers, as long as it lives."""
    for _ in range(_START):
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own address
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            try:
                server.wait(1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"Langflow ended: {log.read_text(errors='replace')[-3000:]}")
        else:
            return
    pytest.fail(f"Langflow did not start: {log.read_text(errors='replace')[-3000:]}")


class Editor:
    """The editor in a browser."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url
        self.flow = ""
        page.set_default_timeout(_PATIENCE)
        expect.set_options(timeout=_PATIENCE)

    def picture(self, name: str) -> None:
        """Take a picture for the page of documentation, if pictures are wanted."""
        if _PICTURES:
            # Away from what shows a tooltip.
            self.page.mouse.move(700, 940)
            self.page.screenshot(path=Path(_PICTURES) / f"{name}.png")

    def set_variable(self, key: str, *, picture: str = "") -> None:
        """Create the Global Variable with the key, or give it another value, in a tab of its own."""
        tab = self.page.context.new_page()
        tab.set_default_timeout(_PATIENCE)
        tab.goto(f"{self.url}/settings/global-variables")
        tab.get_by_role("button", name="Add New").wait_for()
        if picture:
            tab.get_by_role("button", name="Add New").click()
            tab.get_by_placeholder("Enter a name for the variable...").fill("MEM0_API_KEY")
        else:
            tab.get_by_text("MEM0_API_KEY", exact=True).first.click()
        tab.get_by_test_id("popover-anchor-global-variable-value-credential").fill(key)
        if picture and _PICTURES:
            tab.screenshot(path=Path(_PICTURES) / f"{picture}.png")
        tab.get_by_test_id("save-variable-btn").click()
        expect(tab.get_by_role("dialog")).to_have_count(0)
        expect(tab.get_by_text("MEM0_API_KEY", exact=True).first).to_be_visible()
        tab.close()

    def new_flow(self) -> None:
        self.page.goto(self.url)
        self.page.get_by_text("Create first flow").click()
        # What Langflow greets a new flow with goes away with the first button of its side bar.
        self.page.get_by_test_id("flow-builder-welcome-faux-rail").locator("button").first.click()
        expect(self.page.get_by_test_id("sidebar-search-input")).to_be_visible()
        self.flow = self.page.url

    def open_flow(self) -> None:
        self.page.goto(self.flow)
        expect(self.page.get_by_test_id("sidebar-search-input")).to_be_visible()

    def drag(self, title: str, x: int, y: int) -> None:
        """Drag a component from the side bar to a place on the canvas."""
        search = self.page.get_by_test_id("sidebar-search-input")
        search.fill(title)
        self.page.get_by_test_id(f"modulex_mem0{title}").drag_to(
            self.page.locator(".react-flow__pane"), target_position={"x": x, "y": y}
        )
        expect(self.node(title)).to_be_visible()
        search.fill("")

    def node(self, title: str) -> Any:
        return self.page.locator(".react-flow__node").filter(has=self.page.get_by_test_id(f"title-{title}"))

    def fill(self, title: str, field: str, value: str) -> None:
        inputs = ("popover-anchor-input-{}", "textarea_str_{}", "int_int_{}")
        ids = ", ".join(f"[data-testid='{one.format(field)}']" for one in inputs)
        box = self.node(title).locator(ids)
        if box.get_attribute("role") == "spinbutton":
            # As a person types: a number field that is set at once may keep the old digits.
            box.click()
            box.press("ControlOrMeta+a")
            box.press_sequentially(value)
        else:
            box.fill(value)
        expect(box).to_have_value(value)

    def run(self, title: str) -> None:
        """Run a component, with all that comes before it."""
        self.page.get_by_test_id(f"button_run_{title.lower()}").click()

    def inspect(self, title: str, output: str) -> Any:
        """Open what an output holds; it can be opened when the component has run."""
        button = self.node(title).locator(f"[data-testid^='output-inspection-{output.lower()}-']")
        expect(button).to_be_enabled()
        button.click()
        return self.page.get_by_role("dialog")

    def close(self) -> None:
        self.page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)

    def error(self) -> Any:
        """What the editor says of a run that failed."""
        return self.page.get_by_role("region", name="Flow build failed")

    def saved(self) -> dict[str, Any]:
        """The flow as the server keeps and exports it."""
        reply = self.page.request.get(f"{self.url}/api/v1/flows/{self.flow.rpartition('/')[2]}")
        assert reply.ok, reply.text()
        found: dict[str, Any] = reply.json()
        return found


@pytest.fixture
def editor(langflow: str) -> Iterator[Editor]:
    with api.sync_playwright() as playwright:
        # Its own sandbox needs rights that containers do not have; it opens only our page.
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1500, "height": 950})
        yield Editor(context.new_page(), langflow)
        browser.close()


def test_from_nothing_to_a_memory_that_is_found(editor: Editor, mem0: RunningSandbox) -> None:
    page = editor.page
    editor.set_variable(_WRONG, picture="variable")
    editor.new_flow()

    editor.drag("Check connection", 300, 120)
    # The variable of the usual name is taken by itself.
    expect(editor.node("Check connection").get_by_text("MEM0_API_KEY")).to_be_visible()
    editor.run("Check connection")
    expect(editor.error()).to_contain_text("unauthorized: Invalid API key.")
    editor.picture("wrong-key")

    editor.set_variable(mem0.api_key)
    editor.run("Check connection")
    expect(editor.inspect("Check connection", "Text")).to_contain_text("Mem0 accepts the credential.")
    editor.picture("right-key")
    editor.close()
    editor.node("Check connection").click(position={"x": 20, "y": 20})
    page.keyboard.press("Delete")
    expect(editor.node("Check connection")).to_have_count(0)

    editor.drag("Add memories", 60, 60)
    editor.drag("Search memories", 560, 60)
    editor.fill("Add memories", "user_id", "alice")
    editor.fill("Add memories", "messages", "I am a vegetarian.")
    editor.fill("Search memories", "user_id", "alice")
    editor.fill("Search memories", "query", "vegetarian")
    _connect(editor)
    editor.picture("flow")
    editor.run("Search memories")
    expect(editor.inspect("Search memories", "Table")).to_contain_text("I am a vegetarian")
    editor.picture("memory")
    editor.close()

    editor.fill("Search memories", "limit", "5000")
    editor.run("Search memories")
    expect(editor.error()).to_contain_text("invalid_input: limit: ")
    editor.picture("refused")
    editor.fill("Search memories", "limit", "5")

    # The flow as it is kept runs again in a new visit, and holds the name of the variable, not the key.
    _saved_with(editor, "limit", 5)
    page.goto("about:blank")
    editor.open_flow()
    editor.run("Search memories")
    expect(editor.inspect("Search memories", "Text")).to_contain_text("I am a vegetarian")
    editor.close()
    text = json.dumps(editor.saved())
    assert "MEM0_API_KEY" in text
    assert "ActionComponent" in text
    for secret in (mem0.api_key, _WRONG):
        assert secret not in text


def _connect(editor: Editor) -> None:
    """Draw the edge that has the search run after the add."""
    source = editor.page.get_by_test_id("handle-addmemoriescomponent-shownode-result-right")
    source.drag_to(editor.page.get_by_test_id("handle-searchmemoriescomponent-shownode-after-left"))
    expect(editor.page.locator(".react-flow__edge")).to_have_count(1)


def _saved_with(editor: Editor, field: str, value: object) -> None:
    """Wait until the editor has saved what was typed, as it does by itself."""
    for _ in range(100):
        nodes = editor.saved()["data"]["nodes"]
        if any(node["data"]["node"]["template"].get(field, {}).get("value") == value for node in nodes):
            return
        editor.page.wait_for_timeout(200)
    pytest.fail(f"the flow was not saved with {field}: {value}")
