"""The tutorial's code is the example's, and does what the tutorial says."""

import re
import shutil
from pathlib import Path

import pytest

from tests.conformance.helpers.command_line import install_from, modulex, run_tests_of

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "write-an-integration.md").read_text("utf-8")
EXAMPLE = ROOT / "examples" / "shelf"
BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
SUGGESTED = ('reply.objects("books")', 'reply.json().get("books", [])')


def tutorial_files() -> dict[str, str]:
    """The files as a reader would have them in the end: the blocks of each, one after another."""
    found: dict[str, str] = {}
    for name, code in BLOCK.findall(TUTORIAL):
        found[name] = found.get(name, "") + code
    return found


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of the tutorial's files, and the folder that they are installed into."""
    root = tmp_path_factory.mktemp("tutorial")
    project, site = root / "shelf", root / "site"
    for name, code in tutorial_files().items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(code, encoding="utf-8")
    install_from(project, site)
    return project, site


def test_the_example_is_the_tutorials_code() -> None:
    code = {path.relative_to(EXAMPLE).as_posix(): path.read_text("utf-8") for path in EXAMPLE.rglob("*.[pt]*")}
    code = {name: text for name, text in code.items() if "__pycache__" not in name}
    assert code == tutorial_files()


def test_its_integration_reaches_the_top(shelf: tuple[Path, Path]) -> None:
    ended = modulex("check", "shelf", site=shelf[1])
    assert ended.returncode == 0, ended.stdout
    assert "quality: platinum" in ended.stdout


def test_its_tests_pass(shelf: tuple[Path, Path]) -> None:
    ended = run_tests_of(*shelf)
    assert ended.returncode == 0, ended.stdout


def test_the_suggested_mistake_is_found(shelf: tuple[Path, Path], tmp_path: Path) -> None:
    right, wrong = SUGGESTED
    assert f"replace `{right}` with `{wrong}`" in TUTORIAL
    site = tmp_path / "site"
    shutil.copytree(shelf[1], site)
    module = site / "modulex_shelf.py"
    code = module.read_text("utf-8")
    assert code.count(right) == 1
    module.write_text(code.replace(right, wrong), "utf-8")
    ended = modulex("check", "shelf", site=site)
    assert ended.returncode == 1
    assert "[hostile_replies]" in ended.stdout
    assert "is reported as a success" in ended.stdout
    assert "Read the reply with reply.object() or reply.objects()" in ended.stdout


def test_its_commands_exist(shelf: tuple[Path, Path]) -> None:
    ended = modulex("actions", "--integration", "shelf", site=shelf[1])
    assert "find_books" in ended.stdout
    assert "lend_book" in ended.stdout
