"""The page's files: in the package, current, and served under a policy that its own files keep to."""

import hashlib
import re
from pathlib import Path

import httpx
import pytest

import modulex_mem0.server
from tests.server.conftest import Console

_FILES = Path(modulex_mem0.server.__file__).with_name("page_files")
_SOURCES = Path(__file__).parents[2] / "web"


def test_the_page_was_built_from_the_sources_that_are_here() -> None:
    if not _SOURCES.is_dir():
        pytest.skip("the sources of the page are not in this distribution")
    names = ["build.mjs", "package-lock.json", "package.json", *(f"src/{p.name}" for p in (_SOURCES / "src").iterdir())]
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name}\n".encode() + (_SOURCES / name).read_bytes())
    assert (_FILES / "sources.sha256").read_text() == f"{digest.hexdigest()}\n", "run: make page"


def test_its_policy_allows_nothing_unsafe_and_every_page_has_a_nonce_of_its_own(console: Console) -> None:
    pages = [httpx.get(console.url, trust_env=False) for _ in range(2)]
    nonces = [re.findall(r"'nonce-([^']+)'", page.headers["content-security-policy"]) for page in pages]
    assert nonces[0] != nonces[1]
    for page, (nonce,) in zip(pages, nonces, strict=True):
        assert page.headers["content-type"].startswith("text/html")
        assert f'nonce="{nonce}"' in page.text
        assert "unsafe" not in page.headers["content-security-policy"]
        # Nothing stands in the page that the policy would have to allow.
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page.text)


def test_only_the_pages_own_files_are_served(console: Console) -> None:
    script = httpx.get(f"{console.url}/assets/app.js", trust_env=False)
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert not re.search(r"\bnew Function\(|\beval\(", script.text)
    for name in ("..%2fsettings.py", "%2e%2e/settings.py", "sources.sha256", "index.html", "missing.js", ""):
        assert httpx.get(f"{console.url}/assets/{name}", trust_env=False).status_code in (401, 404)
