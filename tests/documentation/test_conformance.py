"""Pages that are written by hand agree with the code that they describe."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from modulex_mem0.conformance import probes, rules
from modulex_mem0.conformance.probes import PROBES, Probe
from modulex_mem0.conformance.quality import NEVER_EXEMPT, SCALE
from modulex_mem0.conformance.rules import RULES, Rule
from modulex_mem0.contract import ErrorCode
from tests.conformance.helpers.command_line import modulex

EVERY: tuple[Rule | Probe, ...] = (*RULES, *PROBES)
ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def test_both_tables_of_error_codes_are_current() -> None:
    ended = modulex("docs", "--error-codes", "--check", folder=ROOT)
    assert (ended.returncode, ended.stdout.splitlines()) == (0, ["docs/error-codes.md: current", "README.md: current"])
    for page in (_page("error-codes.md"), (ROOT / "README.md").read_text("utf-8")):
        assert all(f"| `{code}` | {code.advice} |" in page for code in ErrorCode)


def test_a_drifted_table_of_error_codes_is_reported_and_updated(tmp_path: Path) -> None:
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


def test_a_repository_may_have_only_one_of_the_tables(tmp_path: Path) -> None:
    readme, page = tmp_path / "README.md", tmp_path / "docs" / "error-codes.md"
    readme.write_text(_page("error-codes.md").replace(ErrorCode.INTERNAL.advice, "Despair."), "utf-8")
    assert modulex("docs", "--error-codes", "--check", folder=tmp_path).returncode == 1
    assert modulex("docs", "--error-codes", folder=tmp_path).stdout == "README.md: written\n"
    assert readme.read_text("utf-8") == _page("error-codes.md")
    page.parent.mkdir()
    page.write_text(_page("error-codes.md"), "utf-8")
    readme.write_text("mine", "utf-8")
    assert modulex("docs", "--error-codes", "--check", folder=tmp_path).stdout == "docs/error-codes.md: current\n"
    assert readme.read_text("utf-8") == "mine"


def test_a_repository_without_the_tables_is_an_error(tmp_path: Path) -> None:
    assert modulex("docs", "--error-codes", "--check", folder=tmp_path).returncode == 2
    (tmp_path / "README.md").write_text("mine", "utf-8")
    ended = modulex("docs", "--error-codes", "--check", folder=tmp_path)
    assert (ended.returncode, "README.md: it lacks the lines" in ended.stderr) == (1, True)


def test_the_conformance_page_lists_every_rule_and_probe_with_its_level() -> None:
    levels = {rule: str(quality) for quality, rules in SCALE.items() for rule in rules}
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (\w+) \|$", _page("conformance.md"), re.MULTILINE)
    assert rows == [(one.name, one.title, levels[one.name]) for one in EVERY]
    excused = _page("conformance.md").partition("No reason excuses")[2].splitlines()[0]
    assert set(re.findall(r"`(\w+)`", excused)) == NEVER_EXEMPT


@pytest.mark.parametrize(("package", "kind", "listed"), [(rules, Rule, RULES), (probes, Probe, PROBES)])
def test_every_rule_and_probe_is_in_its_registry_once(
    package: object, kind: type[Rule | Probe], listed: tuple[Rule | Probe, ...]
) -> None:
    paths, name = getattr(package, "__path__", []), getattr(package, "__name__", "")
    modules = [import_module(f"{name}.{found.name}") for found in iter_modules(paths)]
    declared = [one for module in modules for one in vars(module).values() if isinstance(one, kind)]
    assert len(listed) == len(declared) > 0
    assert {one.name for one in listed} == {one.name for one in declared}


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_links_lead_to_pages_that_exist(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+\.md)", _page(page)):
        assert (DOCS / target).is_file(), target


def test_the_site_lists_every_page_of_ours() -> None:
    site = (ROOT / "mkdocs.yml").read_text("utf-8")
    listed = set(re.findall(r": ([\w/-]+\.md)$", site, re.MULTILINE))
    ours = {"index.md", "conformance.md", "error-codes.md", "versioning.md", "write-an-integration.md"}
    assert ours | {"integrations/mem0.md"} <= listed
    assert all((DOCS / page).is_file() for page in listed)
    assert "font: false" in site
