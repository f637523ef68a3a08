"""A real browser, Debian's Chromium, and a page of the server in it. Importing this skips where there is none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from modulex_mem0.sandbox import RunningSandbox
from tests.server.conftest import TOKEN, Console

__all__ = ["Browser", "expect", "launched"]

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if _CHROMIUM is None:
    pytest.skip("no chromium was found: apt-get install chromium", allow_module_level=True)
api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install --group test")
expect = api.expect


class Browser:
    """A page, and all that it loads and reports."""

    def __init__(self, browser: Any, console: Console, **options: Any) -> None:
        # What still moves when it is clicked is missed on a busy machine.
        self.context = browser.new_context(base_url=console.url, reduced_motion="reduce", **options)
        self.console = console
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.replies: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("response", self._keep)

    def _hear(self, message: Any) -> None:
        # A browser reports each reply with an error's status by itself.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.problems.append(message.text)

    def _keep(self, reply: Any) -> None:
        if "/v1/" in reply.url and reply.request.method != "DELETE":
            self.replies.append(str(reply.headers))

    def open(self, fragment: str = "") -> None:
        self.page.goto(f"/{fragment}")

    def sign_in(self) -> None:
        self.page.goto(f"/?token={TOKEN}")
        expect(self.page.get_by_role("heading", name="Integrations")).to_be_visible()

    def save(self, name: str, sandbox: RunningSandbox) -> None:
        """Store a credential with the form of an integration."""
        self.open("#/integrations/mem0")
        self.fill_credential(sandbox.api_key, sandbox.base_url)
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_role("button", name="Save").click()
        expect(self.page.get_by_text(f"Saved as {name}.")).to_be_visible()

    def fill_credential(self, key: str, base_url: str) -> None:
        self.page.get_by_label("Mem0 API Key").fill(key)
        address = self.page.get_by_label("Mem0 Base URL")
        if not address.is_visible():
            self.page.get_by_role("button", name="Advanced (1)").click()
        address.fill(base_url)


@contextmanager
def launched() -> Iterator[Any]:
    """A browser for a `with` block."""
    with api.sync_playwright() as playwright:
        # Its own sandbox needs rights that containers do not have; it opens only our page.
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
