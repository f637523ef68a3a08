"""Every link leads to a page and a heading that exist, and every link to elsewhere is well formed."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.documentation.pages import PAGES, ROOT, blocks, text_of, without_code

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def anchors(page: str) -> set[str]:
    """The ids of a page's headings, as the site and the repository's own view make them."""
    text = text_of(page)
    for block in blocks(page):
        text = text.replace(block.code, "")
    seen: Counter[str] = Counter()
    found = set()
    for heading in _HEADING.findall(text):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading)
        slug = re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", words).strip().lower())
        found.add(f"{slug}_{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(page: str) -> list[tuple[str, str, str]]:
    return _LINK.findall(without_code(page))


def inside(page: str, target: str) -> tuple[Path, str]:
    parts = urlsplit(target)
    path = (ROOT / page).parent / unquote(parts.path) if parts.path else ROOT / page
    return path.resolve(), parts.fragment


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for _, _, target in links(page):
        if urlsplit(target).scheme:
            continue
        path, fragment = inside(page, target)
        assert path.exists(), target
        assert path.is_relative_to(ROOT), target
        if fragment:
            assert fragment in anchors(path.relative_to(ROOT).as_posix()), target
        if page.startswith("docs/"):
            assert path.is_relative_to(ROOT / "docs"), f"{target}: the site has only what is in docs/"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_elsewhere_is_well_formed(page: str) -> None:
    for _, _, target in links(page):
        parts = urlsplit(target)
        if parts.scheme:
            assert parts.scheme == "https", target
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc), target


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_and_link_has_words(page: str) -> None:
    for _, words, target in links(page):
        assert words.strip(), target
        assert words.lower() not in {"here", "this", "link"}, target


def test_the_check_knows_what_is_there_and_what_is_not() -> None:
    assert "in-your-tests" in anchors("docs/sandbox.md")
    assert "nowhere" not in anchors("docs/sandbox.md")
    assert sum(len(links(page)) for page in PAGES) > 100
    assert inside("docs/hosts/mcp.md", "../embed.md#x") == (ROOT / "docs" / "embed.md", "x")


def test_every_page_is_in_the_site_and_on_its_first_page() -> None:
    listed = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE))
    pages = {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")}
    assert pages == listed
    home = {target for _, _, target in links("docs/index.md")}
    assert pages - home - {"index.md"} == set()
