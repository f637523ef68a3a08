"""The page about Langflow is true: its command runs, its names are those of the forms, and its pictures exist."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from modulex_mem0.runtime import discover

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "hosts" / "langflow.md").read_text(encoding="utf-8")


def test_every_picture_exists_and_is_used() -> None:
    shown = set(re.findall(r"\]\((langflow/[\w-]+\.png)\)", PAGE))
    assert shown == {f"langflow/{path.name}" for path in (ROOT / "docs" / "hosts" / "langflow").glob("*.png")}


def test_every_field_and_component_has_that_name() -> None:
    manifest = discover()["mem0"].manifest
    known = {action.title for action in manifest.actions}
    known |= {value["title"] for action in manifest.actions for value in action.input_schema["properties"].values()}
    known |= {field.display_name for scheme in manifest.auth_schemes for field in scheme.fields}
    # What every component has, and Langflow's own words.
    known |= {"After", "Result", "Stop on error", "Table", "Text", "Check connection", "Modulex Mem0"}
    known |= {"Mem0", "Credential", "Global Variables", "Parameters", "Tool Mode", "Toolset", "MCP Tools"}
    known |= {"Settings → Global Variables → Add New"}
    named = {" ".join(name.split()) for name in re.findall(r"(?<!\*)\*([^*]+?)\*(?!\*)", PAGE)}
    assert named - known == set()


def test_the_command_writes_what_the_page_says(tmp_path: Path) -> None:
    [line] = [line for line in PAGE.splitlines() if line.startswith("modulex-mem0 langflow")]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    line = line.replace("notes --integration notes", "mem0 --integration mem0")
    subprocess.run(["/bin/sh", "-ec", line], check=True, cwd=tmp_path, env=os.environ | {"PATH": path}, timeout=60)
    assert (tmp_path / "seed" / "mem0" / "extension.json").is_file()
    assert (tmp_path / "seed" / "mem0" / "components" / "search_memories.py").is_file()


def test_the_extras_that_cannot_stand_together_are_those_of_the_page() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    with_mcp = {name for name, needed in extras.items() if any(one.startswith("mcp>=2") for one in needed)}
    assert with_mcp == {"mcp", "serve"}
    assert "with the extras `mcp` and `serve`" in PAGE
