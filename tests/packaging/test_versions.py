"""The versions of package, integration and manifest agree, and a release is compared with the one before."""

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import modulex_mem0
from modulex_mem0.runtime import Runtime

ROOT = Path(__file__).parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
CHECK = ROOT / "scripts" / "check-release"
MANIFEST = "manifests/mem0.json"


def test_the_package_has_one_version() -> None:
    assert version("modulex-mem0") == modulex_mem0.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", modulex_mem0.__version__)


def test_the_changelog_is_at_this_version() -> None:
    released = re.findall(r"^## \[(\d[^\]]*)\]", CHANGELOG, re.MULTILINE)
    assert released[:1] in ([], [modulex_mem0.__version__])
    assert CHANGELOG.count("## [Unreleased]") == 1


def test_the_integration_and_its_manifest_have_one_version() -> None:
    recorded = json.loads((ROOT / MANIFEST).read_text("utf-8"))
    with Runtime() as runtime:
        declared = runtime.integrations["mem0"].manifest
    page = (ROOT / "docs" / "integrations" / "mem0.md").read_text("utf-8")
    assert recorded["version"] == declared.version
    assert len(recorded["actions"]) == len(declared.actions)
    assert f"Actions: {len(declared.actions)}" in page


# A release


class Repository:
    """A repository with the files that a release is checked by."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (MANIFEST, "modulex_mem0/__init__.py", "CHANGELOG.md"):
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        git = shutil.which("git") or "git"
        subprocess.run([git, *identity, *arguments], cwd=self.folder, check=True, capture_output=True)

    def release(self, tag: str, manifest: dict[str, Any]) -> None:
        (self.folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", tag)
        self.git("tag", tag)

    def check(self, *arguments: str) -> tuple[int, str]:
        command = Path(sys.executable).with_name("modulex-mem0")
        done = subprocess.run(
            [CHECK, command, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    if shutil.which("git") is None:
        pytest.skip("git is not on this machine")
    return Repository(tmp_path)


@pytest.fixture
def manifest() -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((ROOT / MANIFEST).read_text("utf-8"))
    return recorded


def test_before_the_first_release_there_is_nothing_to_compare_with(repository: Repository) -> None:
    code, printed = repository.check()
    assert (code, "NOT COMPARED" in printed) == (0, True)


def test_a_clone_without_history_is_not_taken_for_one_before_the_first_release(
    repository: Repository, manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    tag = f"v{modulex_mem0.__version__}"
    with (repository.folder / "CHANGELOG.md").open("a") as log:
        log.write(f"\n## [{modulex_mem0.__version__}] - 2026-12-01\n")
    repository.release("v0.0.1", manifest)
    repository.release(tag, manifest)
    shallow = Repository(tmp_path_factory.mktemp("shallow"))
    shallow.git("fetch", "--quiet", "--no-tags", "--depth", "1", repository.folder.as_uri(), f"refs/tags/{tag}")
    shallow.git("checkout", "--quiet", "--force", "FETCH_HEAD")
    code, printed = shallow.check()
    assert (code, "git fetch --unshallow --tags" in printed) == (0, True)
    # A release is not made without the comparison.
    shallow.git("tag", tag)
    assert shallow.check(tag)[0] == 1


def test_the_same_manifest_as_in_the_last_release_is_compatible(
    repository: Repository, manifest: dict[str, Any]
) -> None:
    repository.release("v0.0.1", manifest)
    code, printed = repository.check()
    assert (code, "comparing with v0.0.1" in printed) == (0, True)


def test_an_action_that_the_last_release_had_is_missed(repository: Repository, manifest: dict[str, Any]) -> None:
    repository.release("v0.0.1", manifest)
    gone = manifest["actions"][0] | {"name": "add_everything"}
    repository.release("v0.0.2", manifest | {"actions": [*manifest["actions"], gone]})
    code, printed = repository.check()
    assert (code, "add_everything" in printed) == (1, True)
    # The tag that is released now is not the one to compare with.
    repository.release("v0.0.3", manifest)
    assert "comparing with v0.0.3" in repository.check()[1]


def test_a_tag_has_to_name_the_version_and_its_section_of_the_changelog(
    repository: Repository, manifest: dict[str, Any]
) -> None:
    repository.release("v9.9.9", manifest)
    assert "The tag is v9.9.9" in repository.check("v9.9.9")[1]
    tag = f"v{modulex_mem0.__version__}"
    repository.release(tag, manifest)
    assert repository.check(tag)[0] == 1
    with (repository.folder / "CHANGELOG.md").open("a") as log:
        log.write(f"\n## [{modulex_mem0.__version__}] - 2026-12-01\n")
    code, printed = repository.check(tag)
    assert (code, "comparing with v9.9.9" in printed) == (0, True)
