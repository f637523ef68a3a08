"""`python -m benchmarks run` measures; `python -m benchmarks report` writes the page from what was measured."""

import argparse
import sys
from pathlib import Path

from benchmarks.bench import ROOT
from benchmarks.plan import FULL, QUICK
from benchmarks.report.page import page_is_current, write_page
from benchmarks.report.tables import tables
from benchmarks.results import Results
from benchmarks.run import CASES, run, write

_FOLDER = ROOT / "docs" / "performance"
_RESULTS = _FOLDER / "results.json"
_QUICK_RESULTS = ROOT / "build" / "benchmarks.json"


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    measure = commands.add_parser("run", help="measure, print tables, write JSON")
    measure.add_argument("--quick", action="store_true", help="three minutes instead of half an hour")
    measure.add_argument("--only", action="append", choices=sorted(CASES), default=[], help="a case; may be repeated")
    measure.add_argument("--json", type=Path, help="where to write; by default where `report` reads a full run")
    page = commands.add_parser("report", help="write docs/performance.md and its plots")
    page.add_argument("--json", type=Path, default=_RESULTS, help="what to read")
    page.add_argument("--check", action="store_true", help="only say whether the page is current; 1 if it is not")
    arguments = parser.parse_args()
    if arguments.command == "run":
        data = run(QUICK if arguments.quick else FULL, arguments.only)
        whole = not arguments.quick and not arguments.only
        write(data, arguments.json or (_RESULTS if whole else _QUICK_RESULTS))
        print(tables(Results(data)))
    elif arguments.check:
        current = page_is_current(Results.read(arguments.json), ROOT / "docs")
        print(f"docs/performance.md: {'current' if current else 'not current; run python -m benchmarks report'}")
        sys.exit(not current)
    else:
        write_page(Results.read(arguments.json), ROOT / "docs")


if __name__ == "__main__":
    _main()
