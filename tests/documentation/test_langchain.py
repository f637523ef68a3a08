"""The code blocks of docs/hosts/langchain.md, run one after the other."""

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langchain", reason="langchain is not installed; it drives the agent of the page")

from tests.helpers.scripted_chat_model import remembering_model

PAGE = (Path(__file__).parents[2] / "docs" / "hosts" / "langchain.md").read_text(encoding="utf-8")


def test_the_page_works_as_written(credential: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert '"m0-your-key"' in first
    monkeypatch.setenv("MEM0_API_KEY", credential["api_key"])
    monkeypatch.setenv("MEM0_BASE_URL", credential["base_url"])
    names: dict[str, Any] = {"model": remembering_model()}
    exec(first, names)  # noqa: S102 - the page itself is what is tested
    assert [tool.name for tool in names["memory"]] == ["add_memories", "search_memories"]
    exec(second, names)  # noqa: S102 - the page itself is what is tested
    assert next(names["model"].messages, None) is None
