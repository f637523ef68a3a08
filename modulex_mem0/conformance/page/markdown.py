"""Text that was not written as Markdown, put into Markdown so that it reads as it was written."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["cell", "json_block", "prose", "table"]

# Characters that would begin something: emphasis, a tag, an image or a link. Quoted code in backticks stays code.
_SPECIAL = re.compile(r"([*<\[\]])")
_BEGINNING = re.compile(r"^(#{1,6} |[-+>] |\d+[.)] )")


def prose(text: str) -> str:
    """A paragraph that shows the text, on one line."""
    line = " ".join(text.split())
    parts = line.split("`")
    # Between a pair of backticks nothing is special; a lone backtick is text.
    if len(parts) % 2 == 0:
        parts = [line.replace("`", "\\`")]
    shown = "`".join(part if number % 2 else _SPECIAL.sub(r"\\\1", part) for number, part in enumerate(parts))
    return _BEGINNING.sub(lambda found: "\\" + found[0], shown)


def cell(text: str) -> str:
    """The content of a cell of a table."""
    return prose(text).replace("|", "\\|") or "-"


def table(headers: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; the cells are Markdown already."""
    names = list(headers)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def json_block(value: Mapping[str, Any]) -> str:
    """A JSON Schema or an object as a block of code."""
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"
