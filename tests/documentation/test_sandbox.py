"""`docs/sandbox.md` is correct: its rules parse, its programs run, and its tables are complete."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from modulex_mem0.sandbox import SandboxSettings, pytest_plugin
from modulex_mem0.sandbox.__main__ import main
from modulex_mem0.sandbox.faults.rules import FaultRule, parse_rules
from modulex_mem0.sandbox.server.serving import banner

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_every_fault_is_shown_and_valid() -> None:
    rules = [rule for block in _blocks("json") for rule in parse_rules(json.loads(block))]
    shown = {name for rule in rules for name in rule.source}
    known = set(inspect.signature(FaultRule).parameters) - {"content_type", "source"} | {"text"}
    assert shown == known


def test_the_banner_is_as_shown() -> None:
    shown = banner(SandboxSettings(port=8900, search_mode="lexical"), "http://127.0.0.1:8900")
    assert f"```\n{shown}```" in PAGE


def test_every_option_is_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    options = set(re.findall(r"(?<![\w-])--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options == set(re.findall(r"--[a-z-]+", PAGE.split("|---|---|")[1].split("\n\n")[0]))


def test_every_fixture_is_in_the_table() -> None:
    names = {name for name in vars(pytest_plugin) if name.startswith("mem0_")}
    assert names == set(re.findall(r"^\| `(mem0_\w+)` \|", PAGE, re.MULTILINE))


def test_the_table_of_clients_has_the_releases_that_are_installed() -> None:
    table = re.findall(r"^\| `([\w-]+)`[^|]*\| (\d\S*)", PAGE, re.MULTILINE)
    assert len(table) > 10
    lists = list(Path(__file__).parents[1].glob("clients/*/requirements.txt"))
    pinned = [re.findall(r"^([\w-]+)==(\S+)$", each.read_text("utf-8"), re.MULTILINE) for each in lists]
    clients = {name for name, _ in table}
    assert all(pin in table for pins in pinned for pin in pins if pin[0] in clients)
    assert all(any(pin in table for pin in pins) for pins in pinned)


def test_the_programs_run(tmp_path: Path) -> None:
    # The second one needs mem0ai: tests/clients/mem0ai_1/test_agno.py runs it.
    program, _, tests = _blocks("python")
    (tmp_path / "test_shown.py").write_text(tests)
    for command in (["-c", program], ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]):
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
