"""The code of the tutorial, as a reader would have it in the end."""

import re
from pathlib import Path

__all__ = ["EXAMPLE", "TUTORIAL", "tutorial_files"]

_ROOT = Path(__file__).parents[3]
TUTORIAL = _ROOT / "docs" / "write-an-integration.md"
EXAMPLE = _ROOT / "examples" / "shelf"
_BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def tutorial_files() -> dict[str, str]:
    """The content of each file: its blocks one after another."""
    found: dict[str, str] = {}
    for name, code in _BLOCK.findall(TUTORIAL.read_text("utf-8")):
        found[name] = found.get(name, "") + code
    return found
