"""Mem0's page holds every line of its published page, and any other integration has a page, too.

Our copy of what the page must contain is `data/mem0_page.txt`: the page's text from its overview to its limits, with
typographic quotes replaced by straight ones, which a form needs to show valid JSON. The number of actions is ours.
So is how a step is numbered: once, where the published page has a badge "1" and the title "Step 1".
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from modulex_mem0.conformance.docs_page import connector_page, markdown_cell, markdown_text
from modulex_mem0.contract import (
    Action,
    ActionOutput,
    AuthScheme,
    Context,
    CredentialField,
    Hints,
    Integration,
    IntegrationManifest,
    Profile,
)
from modulex_mem0.runtime import discover
from tests.conformance.helpers.command_line import modulex

ROOT = Path(__file__).parents[2]
WANTED = (Path(__file__).parent / "data" / "mem0_page.txt").read_text("utf-8")
PARAMETER = re.compile(r"- `(\w+)`((?: \*[^*]+\*)*)")


def shown_lines(markdown: str) -> Iterator[str]:
    """The lines of text that a reader sees."""
    in_code = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            in_code = not in_code
        elif in_code:
            yield line
        elif found := PARAMETER.fullmatch(line):
            yield found[1]
            yield from re.findall(r"\*([^*]+)\*", found[2])
        elif line.startswith("| "):
            yield "".join(part.strip() for part in line.strip("|").split("|"))
        elif found := re.fullmatch(r"(\d+)\. (.*)", line):
            yield from (found[1], f"Step {found[1]}", unmarked(found[2]))
        elif line.strip():
            yield unmarked(re.sub(r"^#+ ", "", re.sub(r"^- ", "• ", line)))


def unmarked(text: str) -> str:
    return re.sub(r"\\([*<\[\]|`])", r"\1", text.replace("**", "")).strip()


def comparable(line: str) -> str:
    return re.sub(r"Actions: \d+", "Actions: N", line if line.startswith("  ") and "•" not in line else line.strip())


def wanted_lines() -> list[str]:
    return [comparable(line) for line in WANTED.splitlines() if line.strip()]


def page_lines() -> list[str]:
    return [comparable(line) for line in shown_lines(connector_page(discover()["mem0"].describe()))]


def test_every_line_of_the_published_page_appears_in_order() -> None:
    lines = iter(page_lines())
    missing = [wanted for wanted in wanted_lines() if wanted not in lines]
    assert missing == []


def test_the_parameters_of_a_documented_action_stand_together() -> None:
    lines, wanted = page_lines(), wanted_lines()
    starts = [number for number, line in enumerate(wanted) if line == "Parameters"]
    for start, action in zip(starts, ("add_memories", "get_memories"), strict=True):
        block = wanted[start : wanted.index("Response", start)]
        heading = next(number for number, line in enumerate(lines) if line.startswith(f"`{action}` — "))
        shown = lines[lines.index("Parameters", heading) : lines.index("Advanced parameters", heading)]
        assert [line for line in shown if not line.startswith("Allowed: ")] == block


def test_the_copy_is_complete_and_the_comparison_can_fail() -> None:
    wanted = wanted_lines()
    assert (wanted[0], len(wanted)) == ("Overview", 333)
    lines = iter(line for line in page_lines() if line != "Step 3")
    assert [line for line in wanted if line not in lines][:1] == ["Step 3"]


def test_the_committed_page_is_current() -> None:
    ended = modulex("docs", "--check", folder=ROOT)
    assert ended.returncode == 0, ended.stdout


def test_drift_is_reported_with_the_difference(tmp_path: Path) -> None:
    page = tmp_path / "mem0.md"
    assert modulex("docs", "mem0", "--output", str(page)).returncode == 0
    assert page.read_text("utf-8") == (ROOT / "docs" / "integrations" / "mem0.md").read_text("utf-8")
    page.write_text(page.read_text("utf-8").replace("3. Create", "3. Make"), "utf-8")
    ended = modulex("docs", "mem0", "--check", "--output", str(page))
    assert ended.returncode == 1
    assert "3. Make" in ended.stdout
    assert "3. Make" in page.read_text("utf-8")


@pytest.mark.parametrize(
    "text", ["a * b * c", "a <b> c", "[x](y)", "# no heading", "1. no list", "`code *is* code`", "a ` b", "- no list"]
)
def test_text_is_shown_as_it_was_written(text: str) -> None:
    shown = markdown_text(text)
    plain = re.sub(r"\\(.)", r"\1", shown)
    assert plain == text
    outside = re.sub(r"`[^`]*`", "", shown)
    assert not re.search(r"(?<!\\)[*<\[\]]", outside)
    assert not re.match(r"#|- |\d+\. ", shown)


def test_a_cell_does_not_end_early() -> None:
    assert markdown_cell("a | b") == "a \\| b"
    assert markdown_cell("") == "-"


async def _handler(context: Context, input: dict[str, Any]) -> dict[str, Any]:
    return {"success": True}


def _odd() -> IntegrationManifest:
    """An integration whose declarations are unlike Mem0's in every way that the contract allows."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "which": {"enum": ["a", "b"], "description": "Which of them | or *both*."},
            "ref": {"$ref": "#/$defs/Deep", "x-advanced": True},
            "anything": True,
            "count": {"type": ["integer", "null"], "minimum": 1, "default": None},
        },
        "required": ["which"],
        "$defs": {"Deep": {"type": "array", "items": {"$ref": "#/$defs/Deep"}, "description": "Goes round."}},
    }
    action = Action(
        name="odd_one",
        title="Odd one",
        description="Does something odd.",
        input=schema,
        output=ActionOutput.model_json_schema(),
        handler=_handler,
        hints=Hints(destructive=True, cross_user=True),
    )
    keyless = AuthScheme(type="none", display_name="Nothing", description="Nothing is needed.")
    key = AuthScheme(
        type="api_key",
        display_name="Key",
        description="A key.",
        fields=(CredentialField(name="key", display_name="Key", description="A | B", environment_variable="ODD_KEY"),),
    )
    profile = Profile(
        name="odd", display_name="Odd", description="Odd.", version="1.0.0", author="x", auth_schemes=(keyless, key)
    )
    return Integration(profile, [action]).describe()


def test_the_page_of_any_integration_can_be_made() -> None:
    page = connector_page(_odd())
    lines = list(shown_lines(page))
    assert "Auth: None, API Key · Actions: 1" in lines
    assert "None are declared." in lines
    assert "`odd_one` — may delete or overwrite, reaches beyond one user" in lines
    assert lines.index("Advanced parameters") < lines.index("ref") < lines.index("Goes round.")
    # A parameter that takes anything, and one whose schema says so as an object.
    assert "- `anything` *any*" in page
    blocks = re.findall(r"```json\n(.*?)\n```", page, re.DOTALL)
    assert len(blocks) == 1
    Draft202012Validator.check_schema(ActionOutput.model_json_schema())


def test_an_integration_without_authentication_says_so() -> None:
    profile = Profile(name="bare", display_name="Bare", description="Bare.", version="1.0.0", author="x")
    assert "None is needed." in connector_page(Integration(profile, []).describe())
