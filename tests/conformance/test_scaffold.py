"""`modulex-mem0 new` writes an integration that passes its checks and its own tests at once, and overwrites nothing."""

from pathlib import Path

import pytest

from modulex_mem0.conformance.scaffold import ScaffoldError, files_of, write_integration
from tests.conformance.helpers.command_line import install_from, modulex, run_tests_of


def test_the_written_integration_passes_at_once(tmp_path: Path) -> None:
    project, site = tmp_path / "project", tmp_path / "site"
    written = modulex("new", "my_crm", "--directory", str(project))
    assert written.returncode == 0, written.stderr
    install_from(project, site)
    checked = modulex("check", "my_crm", site=site)
    assert checked.returncode == 0, checked.stdout
    assert "0 errors, 0 pieces of advice, 0 exempt\n  quality: platinum" in checked.stdout
    tested = run_tests_of(project, site)
    assert tested.returncode == 0, tested.stdout
    assert " passed" in tested.stdout
    page = modulex("docs", "my_crm", "--output", "-", site=site)
    assert "My Crm API Key" in page.stdout


def test_its_test_file_has_about_ten_lines() -> None:
    content = files_of("acme")
    assert len(content["tests/test_conformance.py"].splitlines()) <= 10
    assert "modulex_acme/plugin.py" in content


def test_the_default_folder_is_named_after_it(tmp_path: Path) -> None:
    assert modulex("new", "my_crm", folder=tmp_path).returncode == 0
    assert (tmp_path / "modulex-my-crm" / "pyproject.toml").is_file()


@pytest.mark.parametrize("present", ["pyproject.toml", "modulex_acme/plugin.py", "tests/test_conformance.py"])
def test_nothing_is_overwritten_or_half_written(tmp_path: Path, present: str) -> None:
    file = tmp_path / present
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    ended = modulex("new", "acme", "--directory", str(tmp_path))
    assert (ended.returncode, "already exists" in ended.stderr) == (1, True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    assert file.read_text() == "mine"


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError, match="already exists"):
        write_integration("acme", tmp_path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    "name", ["", "Acme", "1acme", "a-b", "a__b", "a_", "_a", "../x", "a b", "ä", "class", "integrations", "x" * 41]
)
def test_a_name_that_cannot_be_used_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScaffoldError):
        write_integration(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    ended = modulex("new", "mem0", folder=tmp_path)
    assert (ended.returncode, "is installed already" in ended.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
