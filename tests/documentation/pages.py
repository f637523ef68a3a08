"""The pages of the documentation, and the code blocks on them."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["PAGES", "ROOT", "Block", "blocks", "without_code"]

ROOT = Path(__file__).parents[2]
#: Every page that is written for readers, by its path from the top of the repository.
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))

_FENCED = re.compile(r"^( *)```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, its number there from 1, its language, its title and its lines."""

    page: str
    number: int
    language: str
    title: str
    code: str

    def __str__(self) -> str:
        return f"{self.page}:{self.number}"


@cache
def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@cache
def blocks(page: str | None = None, language: str | None = None) -> tuple[Block, ...]:
    """The blocks of a page, or of all; of one language, or of any. No language is the empty string."""
    found = [
        Block(name, number, match[2], match[3] or "", match[4])
        for name in PAGES
        if page in (None, name)
        for number, match in enumerate(_FENCED.finditer(text_of(name)), 1)
    ]
    return tuple(block for block in found if language in (None, block.language))


def without_code(page: str) -> str:
    """A page's text without its blocks and its inline code."""
    return re.sub(r"`[^`\n]*`", "", _FENCED.sub("", text_of(page)))
