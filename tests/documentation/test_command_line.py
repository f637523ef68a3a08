"""The page about the command line is true: its commands run, values are read as it says, its list is complete."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from modulex_mem0.cli.app import root
from modulex_mem0.cli.commands.call import with_parameters
from modulex_mem0.runtime import discover

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_is_listed() -> None:
    table = PAGE.partition("| command | what it does |")[2].partition("\n\n")[0]
    listed = {
        name.split()[0]
        for cell in re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(.*?)`", cell)
    }
    assert listed - {"---"} == set(root.list_commands(click.Context(root)))


def test_the_calls_run_as_printed(account: dict[str, str]) -> None:
    (block,) = [block for block in BLOCKS if "call add_memories" in block]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["/bin/sh", "-ec", block],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | account | {"PATH": path},
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count('"success": true') == 3
    note = PAGE.partition("\n```\naccepted, ")[2].partition(": ")[0]
    assert f"accepted, {note}: modulex-mem0 call get_event --input " in ended.stderr


def test_values_are_read_as_the_table_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conversation.json").write_text('[{"role": "user", "content": "I cook."}]\n')
    schemas = {action.name: action.input_schema for action in discover()["mem0"].manifest.actions}
    search = with_parameters(
        {}, ["limit=5", 'filters={"categories": {"in": ["food"]}}', "query=@@home"], schemas["search_memories"]
    )
    assert search == {"limit": 5, "filters": {"categories": {"in": ["food"]}}, "query": "@home"}
    assert with_parameters({}, ["query=5"], schemas["search_memories"]) == {"query": "5"}
    added = with_parameters({}, ["messages=@conversation.json"], schemas["add_memories"])
    assert added == {"messages": json.loads('[{"role": "user", "content": "I cook."}]')}


def test_the_lines_for_completion_are_ones_that_the_command_answers() -> None:
    (block,) = [block for block in BLOCKS if "_COMPLETE" in block]
    for shell in ("bash", "zsh", "fish"):
        assert f"_MODULEX_MEM0_COMPLETE={shell}_source modulex-mem0" in block
        ended = subprocess.run(
            [Path(sys.executable).parent / "modulex-mem0"],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"_MODULEX_MEM0_COMPLETE": f"{shell}_source"},
        )
        assert "_modulex_mem0_completion" in ended.stdout
