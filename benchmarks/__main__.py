"""`python -m benchmarks run` measures; `report` writes the page from a recorded run; `profile` says where time goes."""

import argparse
import sys
from pathlib import Path

from benchmarks.bench import ROOT, open_bench
from benchmarks.cases import CASES, FULL, QUICK, run
from benchmarks.contenders import CONTENDERS
from benchmarks.report import number, page, table, tables
from benchmarks.results import Load, Results

_PAGE = ROOT / "docs" / "performance.md"
_PLOTS = ROOT / "docs" / "performance"
_RECORDED = _PLOTS / "results.json"
_LATEST = ROOT / "build" / "benchmarks.json"


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("run", help="measure, print tables, write JSON")
    command.add_argument("--quick", action="store_true", help="four minutes instead of a quarter of an hour")
    command.add_argument("--only", action="append", choices=sorted(CASES), default=[], help="a case; may be repeated")
    command.add_argument("--json", type=Path, help="where to write; by default where `report` reads a full run")
    command.set_defaults(run=_run)

    command = commands.add_parser("report", help="write docs/performance.md and its plots from a full run")
    command.add_argument("--json", type=Path, default=_RECORDED, help="what to read")
    command.add_argument("--check", action="store_true", help="only say whether the page is current; 1 if it is not")
    command.set_defaults(run=_report)

    command = commands.add_parser("profile", help="print the CPU time of a contender's call by module")
    command.add_argument("contender", nargs="?", choices=CONTENDERS, default="runtime_pyreqwest", metavar="contender")
    command.add_argument("--records", type=int, choices=(10, 200, 1000), default=10, help="records in a reply")
    command.add_argument("--at-once", type=int, default=1, help="open calls")
    command.add_argument("--seconds", type=float, default=10, help="how long to sample")
    command.set_defaults(run=_profile)

    arguments = parser.parse_args()
    arguments.run(arguments)


def _run(arguments: argparse.Namespace) -> None:
    results = run(QUICK if arguments.quick else FULL, arguments.only)
    whole = not arguments.quick and not arguments.only
    results.write(arguments.json or (_RECORDED if whole else _LATEST))
    print(tables(results))


def _report(arguments: argparse.Namespace) -> None:
    results = Results.read(arguments.json)
    if arguments.check:
        current = _PAGE.read_text() == page(results)
        print(f"docs/performance.md: {'current' if current else 'not current; run python -m benchmarks report'}")
        sys.exit(not current)
    from benchmarks.plots import draw  # noqa: PLC0415 - `make check` has no matplotlib

    draw(results, _PLOTS)
    _PAGE.write_text(page(results))


def _profile(arguments: argparse.Namespace) -> None:
    load = Load("http", arguments.records, arguments.at_once)
    with open_bench() as bench:
        taken = bench.contender(arguments.contender)(load, seconds=arguments.seconds, mode="profile")
    samples = sum(taken["modules"].values())
    per_sample = taken["cpu"] / taken["calls"] / samples * 1e6
    shares = sorted(taken["modules"].items(), key=lambda share: -share[1])
    rows = [[name, f"{count / samples:.0%}", number(count * per_sample)] for name, count in shares]
    print(table([f"{load.title}, CPU by module", "share", "µs per call"], rows))


if __name__ == "__main__":
    _main()
