"""The page in a real browser: the whole path of a newcomer, its safety, and that everybody can use it.

With MODULEX_PICTURES=docs/console, the pictures of docs/console.md are made.
"""

import ast
import json
import os
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.sandbox import RunningSandbox, running_sandbox
from tests.server.browser import Browser, expect
from tests.server.conftest import TOKEN, Console, Start

_PICTURES = os.environ.get("MODULEX_PICTURES")
# What passes need not be described, which takes most of its time.
_AXE = {"resultTypes": ["violations"], "elementRef": False, "selectors": False}
_WRONG = "m0-wrong-key-0123456789"


@pytest.fixture
def browse(chromium: Any, console: Console) -> Iterator[Callable[..., Browser]]:
    opened: list[Browser] = []

    def new(**options: Any) -> Browser:
        opened.append(Browser(chromium, console, **options))
        return opened[-1]

    yield new
    for browser in opened:
        browser.context.close()
        assert browser.problems == []
        # No request leaves the page.
        assert {url.partition("/")[0] for url in browser.requests} <= {"http:", "data:"}
        assert all(url.startswith((console.url, "data:")) for url in browser.requests)


def test_the_whole_path_of_a_newcomer(
    browse: Callable[..., Browser], console: Console, sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="modulex_mem0")
    browser = browse()
    page = browser.page
    browser.sign_in()
    assert page.url == f"{console.url}/"
    page.get_by_role("link", name="Mem0 19 actions").click()
    expect(page.get_by_text("Paste the API key below")).to_be_visible()

    _try_credentials(browser, sandbox)
    page.get_by_role("link", name="Add memories").click()
    page.get_by_label("User ID").fill("alice")
    page.get_by_label("Text 1").fill("I am a vegetarian and I cook.")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Done.")).to_be_visible()

    browser.open("#/integrations/mem0/search_memories")
    page.get_by_label("User ID").fill("alice")
    page.get_by_label("Query").fill("vegetarian cook")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("cell", name="I am a vegetarian and I cook")).to_be_visible()
    for tab in ("Python", "curl", "MCP", "Langflow", "n8n", "Command line"):
        page.get_by_role("tab", name=tab).click()
    expect(page.get_by_role("tabpanel")).to_contain_text(
        """call search_memories --integration mem0 --input '{"user_id":"alice","query":"vegetarian cook"}'"""
    )

    _make_mistakes(browser)
    browser.open("#/runs")
    expect(page.get_by_role("cell", name="mem0 delete_memories")).to_have_count(1)
    expect(page.get_by_role("cell", name="invalid_input")).to_have_count(1)

    page.reload()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])")
    assert kept == '[{},{},"",null]'
    with console.client() as client:
        shown = [page.content(), kept, page.url, *browser.replies, client.get("/v1/runs").text]
        shown += [client.get("/v1/credentials").text, caplog.text]
    for text in shown:
        for secret in (sandbox.api_key, _WRONG, TOKEN):
            assert secret not in text


def _try_credentials(browser: Browser, sandbox: RunningSandbox) -> None:
    """A wrong key, then the right one, which is saved."""
    page = browser.page
    browser.fill_credential(_WRONG, sandbox.base_url)
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("unauthorized: ")
    expect(page.get_by_role("alert")).to_contain_text("Replace the credential")
    browser.fill_credential(sandbox.api_key, sandbox.base_url)
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("Mem0 accepts this credential.")).to_be_visible()
    browser.save("work", sandbox)
    # What was typed has left the page.
    assert page.get_by_label("Mem0 API Key").input_value() == ""


def _make_mistakes(browser: Browser) -> None:
    """A date that is none, and a deletion that is thought over."""
    page = browser.page
    browser.open("#/integrations/mem0/get_memories")
    page.get_by_label("User ID").fill("alice")
    page.get_by_label("Start Date").fill("soon")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#root_start_date")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#root_start_date__error")).to_be_visible()

    browser.open("#/integrations/mem0/delete_memories")
    page.get_by_label("User ID").fill("alice")
    page.get_by_role("checkbox", name="Everything").check()
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Keep everything").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Run").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete memories").click()
    expect(page.get_by_text("Done.")).to_be_visible()


def test_a_long_wait_shows_its_progress_and_can_be_cancelled(browse: Callable[..., Browser], console: Console) -> None:
    browser = browse()
    page = browser.page
    browser.sign_in()
    with running_sandbox(delay=600) as slow:
        browser.save("slow", slow)
        browser.open("#/integrations/mem0/add_memories")
        page.get_by_label("User ID").fill("alice")
        page.get_by_label("Text 1").fill("I cook.")
        page.get_by_role("button", name="Advanced").click()
        page.get_by_label("Wait for completion").check()
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.get_by_role("status")).to_contain_text(" s)")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled.")).to_be_visible()
        runs: list[dict[str, Any]] = []
        end = time.monotonic() + 10
        with console.client() as client:
            while not runs and time.monotonic() < end:
                runs = client.get("/v1/runs").json()["runs"]
    assert [(run["outcome"], run["source"]) for run in runs] == [("cancelled", "page")]


def test_without_the_link_the_page_asks_for_the_token(browse: Callable[..., Browser]) -> None:
    browser = browse()
    page = browser.page
    browser.open()
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("that is not this server's token")).to_be_visible()
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Integrations")).to_be_visible()
    page.get_by_label("Search").fill("nothing like it")
    expect(page.get_by_text("0 of 2")).to_be_visible()
    page.get_by_label("Search").fill("knowledge")
    expect(page.get_by_role("listitem")).to_have_count(1)


def test_the_keyboard_is_enough(browse: Callable[..., Browser]) -> None:
    browser = browse()
    page = browser.page
    browser.sign_in()

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if name in page.evaluate("document.activeElement.innerText || document.activeElement.id"):
                return
        raise AssertionError(f"{name} cannot be reached")

    tab_to("Add Mem0 to any")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Actions")).to_be_visible()
    tab_to("Get memories")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Get memories")).to_be_focused()
    tab_to("root_user_id")
    page.keyboard.type("alice")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done.")).to_be_visible()


@pytest.mark.parametrize(
    ("look", "options"),
    [
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("phone", {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}),
    ],
)
def test_everybody_can_use_it(
    browse: Callable[..., Browser], look: str, options: dict[str, Any], tmp_path: Path, sandbox: RunningSandbox
) -> None:
    axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    axe = axe_playwright.Axe()
    wanted = {("integration", "light"), ("integration", "phone"), ("search", "dark")}
    browser = browse(**({"viewport": {"width": 1200, "height": 800}} | options))
    page = browser.page
    browser.open()
    expect(page.get_by_label("Token")).to_be_visible()

    def check(picture: str | None = None) -> None:
        # The same parts stand on a phone; in the dark, the colours differ, and the two richest pages have them all.
        if look == "light" or (look == "dark" and picture in ("integration", "search")):
            serious = [
                (found["id"], [node["html"][:200] for node in found["nodes"]])
                for found in axe.run(page, options=_AXE).response["violations"]
                if found["impact"] in ("serious", "critical")
            ]
            assert serious == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
        if picture is not None:
            shown = _PICTURES if (picture, look) in wanted else None
            pictures = Path(shown or tmp_path)
            pictures.mkdir(exist_ok=True, parents=True)
            page.screenshot(path=str(pictures / f"{picture}-{look}.png"))

    check()
    browser.sign_in()
    check()
    browser.save("work", sandbox)
    check("integration")
    browser.open("#/integrations/mem0/add_memories")
    page.get_by_label("User ID").fill("alice")
    page.get_by_label("Text 1").fill("I am a vegetarian. I live in Lisbon. My dog is called Bruno.")
    page.get_by_role("button", name="Add a message").click()
    page.get_by_role("button", name="Advanced").click()
    expect(page.get_by_label("Wait for completion")).to_be_visible()
    check()
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert").or_(page.get_by_text("Done.")).first).to_be_visible()
    page.get_by_role("button", name="Remove message 2").click()
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Done.")).to_be_visible()
    browser.open("#/integrations/mem0/search_memories")
    page.get_by_label("User ID").fill("alice")
    page.get_by_label("Query").fill("vegetarian or dog")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("cell", name="I am a vegetarian")).to_be_visible()
    page.get_by_role("cell", name="I am a vegetarian").scroll_into_view_if_needed()
    check("search")
    browser.open("#/integrations/mem0/delete_memories")
    page.get_by_label("User ID").fill("alice")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check()
    page.keyboard.press("Escape")
    browser.open("#/runs")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    check("runs")


def test_what_is_copied_can_be_used(browse: Callable[..., Browser], console: Console) -> None:
    browser = browse()
    page = browser.page
    browser.sign_in()
    browser.open("#/integrations/mem0/add_memories")
    page.get_by_label("User ID").fill("alice")
    page.get_by_label("Text 1").fill('I\'m "vegan": true, false, null.')
    page.get_by_role("button", name="Advanced").click()
    page.get_by_label("Wait for completion").check()
    page.get_by_label("Metadata").fill('{"source": null, "seen": true}')

    def copied(tab: str) -> str:
        page.get_by_role("tab", name=tab).click()
        text: str = page.get_by_role("tabpanel").locator("pre").inner_text()
        return text

    expected = {
        "user_id": "alice",
        "messages": [{"role": "user", "content": 'I\'m "vegan": true, false, null.'}],
        "metadata": {"seen": True},
        "wait_for_completion": True,
    }
    script = ast.parse(copied("Python"))
    (call,) = [node for node in ast.walk(script) if isinstance(node, ast.Call) and len(node.args) == 3]
    assert ast.literal_eval(call.args[2]) == expected
    *_, given = shlex.split(copied("Command line"))
    assert json.loads(given) == expected
    *_, given = shlex.split(copied("curl").replace("$MODULEX_TOKEN", TOKEN))
    assert json.loads(given) == expected
    for client, token in (("MCP", "${MODULEX_TOKEN}"), ("Langflow", "{{MODULEX_TOKEN}}")):
        server = json.loads(copied(client))["mcpServers"]["mem0"]
        assert (server["url"], server["headers"]["Authorization"]) == (f"{console.url}/mcp/mem0", f"Bearer {token}")
    (node,) = json.loads(copied("n8n"))["nodes"]
    assert node["type"] == "n8n-nodes-modulex-mem0.mem0"
    parameters = node["parameters"]
    assert (parameters["operation"], parameters["user_id"]) == ("add_memories", "alice")
    assert json.loads(parameters["messagesJson"]) == expected["messages"]
    assert parameters["additionalFields"] == {"metadata": '{"seen":true}', "wait_for_completion": True}


def test_a_stored_credential_is_removed_when_that_is_confirmed(
    browse: Callable[..., Browser], console: Console, sandbox: RunningSandbox
) -> None:
    browser = browse()
    page = browser.page
    browser.sign_in()
    browser.save("work", sandbox)
    page.get_by_role("button", name="Remove work").click()
    page.get_by_role("button", name="Keep it").click()
    assert [stored.name for stored in console.store.list()] == ["work"]
    page.get_by_role("button", name="Remove work").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("work is removed.").or_(page.get_by_role("button", name="Remove work"))).to_have_count(1)
    expect(page.get_by_role("button", name="Remove work")).to_have_count(0)
    assert console.store.list() == []


def test_an_address_that_leads_nowhere_says_so(browse: Callable[..., Browser]) -> None:
    browser = browse()
    page = browser.page
    browser.sign_in()
    for fragment, message in (
        ("#/integrations/%", "no integration '%' is installed"),
        ("#/integrations/mem0/nothing", "Mem0 has no action nothing."),
    ):
        browser.open(fragment)
        expect(page.get_by_role("alert")).to_contain_text(message)
    browser.open("#/integrations/mem0/get_memories")
    expect(page).to_have_title("get_memories · mem0 · modulex-mem0")


def test_a_session_that_has_ended_leads_to_the_sign_in(browse: Callable[..., Browser], sandbox: RunningSandbox) -> None:
    browser = browse()
    page = browser.page
    browser.sign_in()
    browser.open("#/integrations/mem0")
    browser.fill_credential(sandbox.api_key, sandbox.base_url)
    browser.context.clear_cookies()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_label("Token")).to_be_visible()


def test_what_is_installed_and_does_not_load_is_shown(
    chromium: Any, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modulex_mem0.runtime import LoadFailure, Registry

    failure = LoadFailure("broken", "some-package", "ImportError: no module named 'missing'")
    monkeypatch.setattr(Registry, "failures", property(lambda self: (failure,)))
    with start() as console:
        browser = Browser(chromium, console)
        browser.sign_in()
        expect(browser.page.get_by_text("did not load: ImportError: no module named 'missing'")).to_be_visible()
        browser.context.close()
