"""The built site in a browser, at the width of a desk and of a phone. `make docs` installs what builds it."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from modulex_mem0 import conformance, contract, hosts, runtime, sandbox
from tests.documentation.pages import PAGES, ROOT

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = pytest.mark.parametrize("width", [1280, 390])

# What sticks out on the right of the window, but for what scrolls by itself.
_STICKING_OUT = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => element && element.tagName !== "BODY" &&
    (["auto", "scroll", "hidden"].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const out = [...document.querySelectorAll("article *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.right > width + 1 && !scrolls(element.parentElement);
  });
  const wide = document.documentElement.scrollWidth > width ? ["the page itself"] : [];
  return [...wide, ...out.map((element) => `${element.tagName} ${element.textContent.slice(0, 60)}`)];
}"""
_BROKEN_PICTURES = "[...document.images].filter((image) => !image.naturalWidth).map((image) => image.src)"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site, built from the pages as they are."""
    for package in ("zensical", "mkdocstrings"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: make docs")
    folder = tmp_path_factory.mktemp("site")
    for name in ("docs", "modulex_mem0"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    handler = partial(_Quiet, directory=str(folder / "build" / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if _CHROMIUM is None:
        pytest.skip("no chromium was found: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def address(page: str) -> str:
    name = page.removeprefix("docs/").removesuffix(".md")
    # The address of a folder's first page is the folder's.
    return name.removesuffix("index") if name.endswith("index") else f"{name}/"


@WIDTHS
def test_every_page_fits_and_asks_nobody_else(site: str, chromium: Any, width: int) -> None:
    window = chromium.new_page(viewport={"width": width, "height": 800})
    elsewhere: list[str] = []
    errors: list[str] = []
    window.on(
        "request", lambda request: None if request.url.startswith((site, "data:")) else elsewhere.append(request.url)
    )
    window.on("pageerror", lambda error: errors.append(str(error)))
    for page in PAGES:
        if page.startswith("docs/"):
            answer = window.goto(site + address(page))
            assert answer.status == 200, page
            assert window.evaluate(_STICKING_OUT) == [], page
            assert window.evaluate(_BROKEN_PICTURES) == [], page
    window.close()
    assert (elsewhere, errors) == ([], [])


def test_the_steps_of_the_connector_are_numbered_once(site: str, chromium: Any) -> None:
    window = chromium.new_page()
    window.goto(f"{site}integrations/mem0/")
    steps = window.locator("article ol").first.locator("> li").all_inner_texts()
    window.close()
    assert len(steps) == 4
    assert [step for step in steps if step[0].isdigit() or "Step" in step] == []


@pytest.mark.parametrize(
    ("room", "face"),
    [
        ("contract", contract),
        ("runtime", runtime),
        ("hosts", hosts),
        ("conformance", conformance),
        ("sandbox", sandbox),
    ],
)
def test_the_reference_has_every_public_name(site: str, chromium: Any, room: str, face: Any) -> None:
    window = chromium.new_page()
    window.goto(f"{site}reference/{room}/")
    named = set(window.evaluate("[...document.querySelectorAll('article [id]')].map((element) => element.id)"))
    window.close()
    assert [name for name in face.__all__ if f"modulex_mem0.{room}.{name}" not in named] == []
