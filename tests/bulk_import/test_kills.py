"""`kill -9` at random moments: the same command goes on, and nothing is lost or doubled.

A hundred thousand rows and twenty kills: `python -m benchmarks.bulk_import.kills`, see docs/import.md.
"""

from pathlib import Path

import pytest

from benchmarks.bulk_import.kills import run_with_kills
from modulex_mem0.sandbox import sandbox_process


@pytest.mark.parametrize("infer", [True, False])
def test_kills(tmp_path: Path, infer: bool) -> None:
    with sandbox_process(delay=0.5 if infer else 0) as sandbox:
        found, report = run_with_kills(sandbox, tmp_path, rows=1000, kills=3, infer=infer, seed=7)
    assert (found.lost, found.doubled, found.foreign) == (0, 0, 0)
    assert report["accepted"] == report["finished"] == found.rows
    assert report["accepted"] + report["skipped"] == report["rows"]
