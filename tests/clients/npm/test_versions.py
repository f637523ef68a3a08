"""The page about the sandbox names the versions that the tests install."""

import json
import re

from tests.clients.npm.conftest import FOLDER

PAGE = (FOLDER.parents[2] / "docs" / "sandbox.md").read_text("utf-8")


def test_the_table_of_clients_names_the_pinned_versions() -> None:
    pinned = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    # n8n's library of types is no client.
    del pinned["n8n-workflow"]
    asked = {(version.removeprefix("npm:").rpartition("@")[0] or name, version.rpartition("@")[2])
             for name, version in pinned.items()}  # fmt: skip
    assert set(re.findall(r"^\| `(.+?)` \(npm\) \| ([\d.]+) \|", PAGE, re.MULTILINE)) == asked


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
