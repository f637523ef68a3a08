"""Projects, installed as their users install them, without the network."""

from pathlib import Path

from tests.conformance.helpers.command_line import Ended, python

__all__ = ["install_from", "its_own_tests"]


def install_from(project: Path, site: Path) -> None:
    """Build a project and lay its files out in a folder; what it depends on is there already."""
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    ended = python("-m", "pip", "install", *options, "--target", str(site), str(project))
    assert ended.returncode == 0, ended.stderr


def its_own_tests(project: Path, site: Path) -> Ended:
    """Run a project's tests as its author would."""
    return python("-m", "pytest", "-q", "-p", "no:cacheprovider", site=site, folder=project)
