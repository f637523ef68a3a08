"""The tutorial's code is the example's, and does what the tutorial says."""

import shutil
from pathlib import Path

import pytest

from tests.conformance.helpers.command_line import modulex
from tests.conformance.helpers.distributions import install_from, its_own_tests
from tests.conformance.helpers.tutorial import EXAMPLE, tutorial_files


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The tutorial's files as a reader would have them, and where they are installed."""
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
    ended = its_own_tests(*shelf)
    assert ended.returncode == 0, ended.stdout


def test_the_mistake_that_it_suggests_is_found(shelf: tuple[Path, Path], tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(shelf[1], site)
    module = site / "modulex_shelf.py"
    code = module.read_text("utf-8")
    assert "    reply.require_success()\n" in code
    module.write_text(code.replace("    reply.require_success()\n", ""), "utf-8")
    ended = modulex("check", "shelf", site=site)
    assert ended.returncode == 1
    assert "[hostile_replies]" in ended.stdout
    assert "Call reply.require_success()" in ended.stdout


def test_its_commands_exist(shelf: tuple[Path, Path]) -> None:
    ended = modulex("actions", "--integration", "shelf", site=shelf[1])
    assert "find_books" in ended.stdout
    assert "lend_book" in ended.stdout
