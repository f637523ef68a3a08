"""Pages that are written by hand agree with what they tell about."""

import re
from pathlib import Path

import pytest

from modulex_mem0.conformance.probe import Probe
from modulex_mem0.conformance.probes import PROBES
from modulex_mem0.conformance.quality.scale import NEVER_EXEMPT, SCALE
from modulex_mem0.conformance.rule import Rule
from modulex_mem0.conformance.rules import RULES
from modulex_mem0.contract import ErrorCode
from tests.conformance.helpers.command_line import modulex

EVERY: tuple[Rule | Probe, ...] = (*RULES, *PROBES)
ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def test_the_page_of_error_codes_is_current() -> None:
    ended = modulex("docs", "--error-codes", "--check", folder=ROOT)
    assert ended.returncode == 0, ended.stdout
    assert all(f"| `{code}` | {code.advice} |" in _page("error-codes.md") for code in ErrorCode)


def test_a_page_of_error_codes_that_has_drifted_is_told_and_mended(tmp_path: Path) -> None:
    page = tmp_path / "codes.md"
    page.write_text(_page("error-codes.md").replace(ErrorCode.INTERNAL.advice, "Despair."), "utf-8")
    assert modulex("docs", "--error-codes", "--check", "--output", str(page)).returncode == 1
    assert modulex("docs", "--error-codes", "--output", str(page)).returncode == 0
    assert page.read_text("utf-8") == _page("error-codes.md")


def test_a_page_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "codes.md"
    page.write_text("mine", "utf-8")
    ended = modulex("docs", "--error-codes", "--output", str(page))
    assert (ended.returncode, page.read_text("utf-8")) == (1, "mine")


def test_the_conformance_page_lists_every_rule_and_probe_with_its_level() -> None:
    levels = {rule: str(quality) for quality, rules in SCALE.items() for rule in rules}
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (\w+) \|$", _page("conformance.md"), re.MULTILINE)
    assert rows == [(one.name, one.title, levels[one.name]) for one in EVERY]
    excused = _page("conformance.md").partition("No reason excuses")[2].splitlines()[0]
    assert set(re.findall(r"`(\w+)`", excused)) == NEVER_EXEMPT


def test_a_rule_is_called_as_its_module() -> None:
    folder = ROOT / "modulex_mem0" / "conformance"
    kinds: dict[str, tuple[Rule | Probe, ...]] = {"rules": RULES, "probes": PROBES}
    for kind, listed in kinds.items():
        modules = {path.stem for path in (folder / kind).glob("*.py")} - {"__init__"}
        assert modules == {one.name for one in listed}


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_links_lead_to_pages_that_are_there(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+\.md)", _page(page)):
        assert (DOCS / target).is_file(), target


def test_the_site_lists_every_page_of_ours() -> None:
    site = (ROOT / "mkdocs.yml").read_text("utf-8")
    listed = set(re.findall(r": ([\w/-]+\.md)$", site, re.MULTILINE))
    ours = {"index.md", "conformance.md", "error-codes.md", "versioning.md", "write-an-integration.md"}
    assert ours | {"integrations/mem0.md"} <= listed
    assert all((DOCS / page).is_file() for page in listed)
    assert "font: false" in site
