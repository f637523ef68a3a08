"""The fuzzer's cases hold in every run of the tests, and the command that looks for new ones works."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.cases import CORPUS, SEEDS, read_case, read_cases
from tests.fuzz.mutations import Mutations
from tests.fuzz.targets import NAMES, load

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("target", NAMES)
def test_every_kept_case_holds(target: str) -> None:
    check = load(target)
    seeds = read_cases(SEEDS, target)
    assert seeds
    for line in [*seeds, *read_cases(CORPUS, target)]:
        try:
            check(read_case(line))
        except Exception as error:
            error.add_note(f"the case: {line.decode()}")
            raise


@pytest.mark.parametrize("target", NAMES)
def test_changed_cases_are_json_of_the_allowed_length_and_hold(target: str) -> None:
    check = load(target)
    seeds = read_cases(SEEDS, target)
    bits = Random(19)

    def mutate_bytes(data: bytes, longest: int) -> bytes:
        at = bits.randrange(len(data) + 1)
        return (data[:at] + bits.randbytes(2) + data[at + 1 :])[:longest]

    mutations = Mutations(seeds, mutate_bytes)
    changed = set()
    for number in range(200):
        case, other = seeds[number % len(seeds)], seeds[-number % len(seeds)]
        for new in (mutations.mutate(case, 4096, number), mutations.cross(case, other, 4096, number)):
            assert len(new) <= 4096
            changed.add(new)
            check(read_case(new))
    assert len(changed) > 200


def _run(*options: str, code: str = "") -> subprocess.CompletedProcess[str]:
    start = ["-c", f"{code}; from tests.fuzz.__main__ import main; sys.exit(main())"] if code else ["-m", "tests.fuzz"]
    command = [sys.executable, *start, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def test_without_atheris_the_command_says_what_to_install() -> None:
    done = _run("--minutes", "0", code="import sys, importlib.util as u; u.find_spec = lambda *_: None")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "pip install --group fuzz" in done.stderr


def test_an_unknown_target_is_refused() -> None:
    done = _run("no_such_target")
    assert done.returncode == 2
    assert "there are replies, inputs" in done.stderr


@pytest.mark.skipif(find_spec("atheris") is None, reason="Atheris is not installed: pip install --group fuzz")
def test_a_target_is_fuzzed_and_its_corpus_is_renewed(tmp_path: Path) -> None:
    done = _run("templates", "--minutes", "0.05", "--corpus", str(tmp_path), "--work", str(tmp_path / "work"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"templates: \d+ cases in \d+ s; corpus [1-9]\d*; nothing found", done.stdout), done.stdout
    assert all(json.loads(line) for line in (tmp_path / "templates.jsonl").read_text().splitlines())


def test_a_round_of_the_property_tests_is_run_and_reported() -> None:
    done = _run("--minutes", "0", "--examples", "3", "--properties", "tests/runtime/test_redaction.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rounds: 1, in" in done.stdout
