"""The hosted workflows do what `.ci/run` does. `make check` compares their shape with the public schemas."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / ".github").rglob("*") if path.is_file())
CI = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
RELEASE = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")


def test_every_command_of_the_ci_run_is_a_step() -> None:
    local = set(re.findall(r"part (make \w+)", (ROOT / ".ci" / "run").read_text("utf-8")))
    assert {"make check", "make docs", "make demo", "make test"} <= local
    hosted = set(re.findall(r"run: (make [\w-]+)", CI))
    assert local <= hosted


def test_every_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([\w-]+)", CI + RELEASE)) <= targets


def test_every_supported_python_is_tested() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    supported = set(re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project))
    assert supported <= set(re.findall(r'python: "(3\.\d+)"', CI))


def test_no_file_names_a_host_and_no_job_has_more_rights_than_it_needs() -> None:
    for path in FILES:
        assert not re.search(r"://|\.(?:org|com|io)\b", path.read_text("utf-8")), path
    # Publishing needs no stored secret; the rights for it are its job's alone.
    assert "secrets." not in CI + RELEASE
    assert "permissions: {}" in RELEASE
    assert RELEASE.count("id-token: write") == 1
    assert "write" not in CI


def test_what_runs_is_named_by_its_commit() -> None:
    """A tag can be moved to other code, which would run with the right to publish. Dependabot raises both."""
    used = re.findall(r"uses: (.*)", CI + RELEASE)
    assert len(used) > 10
    assert [line for line in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    assert len(set(used)) == len({line.partition("@")[0] for line in used})


def test_only_the_projects_own_repository_publishes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    name = project["urls"]["Repository"].partition("github.com/")[2]
    assert f"if: github.repository == '{name}'" in RELEASE.partition("  publish:")[2]
    assert f"--repo {name}`" in (ROOT / "SECURITY.md").read_text("utf-8")


def test_no_document_needs_a_recent_pip() -> None:
    """Dependency groups need pip 25.1, which the Makefile installs in its own environment."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert [page.name for page in pages if re.search(r"pip install[^\n`]*--group", page.read_text("utf-8"))] == []
