"""Fuzz the package: `python -m tests.fuzz --minutes 60`.

Each target runs under libFuzzer, through Atheris, for its share of the time: it changes cases, keeps those that reach
code of modulex_mem0 which no other case reached, and stops at the first one that fails. Then the corpus is reduced to
the cases that are needed to reach all that code, and written to tests/fuzz/corpus/, which every run of the tests
replays. A case that fails is printed; once the bug is fixed, add it to tests/fuzz/seeds/, which is replayed too.

`--properties` runs the property tests of the whole package with new examples instead, which needs no Atheris.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.cases import CORPUS, SEEDS, read_cases, spread, write_cases
from tests.fuzz.properties import run_rounds
from tests.fuzz.targets import NAMES

__all__ = ["main"]

_ROOT = Path(__file__).parents[2]
_WORK = _ROOT / "build" / "fuzz"
_LONGEST = 4096
# A case takes a few milliseconds.
_TOO_LONG = 30
# Of a log.
_SHOWN = 3000


def main() -> int:
    """Fuzz as the options say; returns 0 if nothing was found, 1 if something was, 2 if it cannot be done."""
    options = _options()
    if options.properties is not None:
        return run_rounds(options.properties or ["tests"], options.minutes, options.examples)
    if find_spec("atheris") is None:
        print("Atheris is not installed: pip install --group fuzz", file=sys.stderr)  # noqa: T201
        return 2
    seconds = max(1, round(options.minutes * 60 / len(options.targets)))
    found = [_fuzz(target, seconds, options.corpus, options.work / target) for target in options.targets]
    return 1 if any(found) else 0


def _options() -> argparse.Namespace:
    shown = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__, formatter_class=shown)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"any of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--minutes", type=float, default=60, help="for all targets together (default: 60)")
    parser.add_argument("--properties", nargs="*", metavar="TESTS", help="the property tests in these (default: all)")
    parser.add_argument("--examples", type=int, default=2000, help="of each property test in a round (default: 2000)")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="where it is kept (default: tests/fuzz/corpus)")
    parser.add_argument("--work", type=Path, default=_WORK, help="for logs and failures (default: build/fuzz)")
    options = parser.parse_args()
    unknown = [target for target in options.targets if target not in NAMES]
    if unknown:
        parser.error(f"no target is called {unknown[0]}; there are {', '.join(NAMES)}")
    options.targets = options.targets or list(NAMES)
    return options


def _fuzz(target: str, seconds: int, corpus: Path, work: Path) -> bool:
    """Fuzz a target and renew its corpus; returns whether a case failed."""
    shutil.rmtree(work, ignore_errors=True)
    seeds = read_cases(SEEDS, target)
    spread([*seeds, *read_cases(corpus, target)], work / "cases")
    print(f"{target}: {seconds} s", flush=True)  # noqa: T201
    began = time.monotonic()
    _, log = _run(
        target,
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST}",
        f"-timeout={_TOO_LONG}",
        f"-artifact_prefix={work}/",
        "-print_final_stats=1",
        str(work / "cases"),
    )
    took = time.monotonic() - began
    (work / "log.txt").write_text(log)
    failures = [path for path in work.iterdir() if re.match(r"(crash|timeout|oom|leak)-", path.name)]
    executions = re.search(r"stat::number_of_executed_units: (\d+)", log)
    if not failures and executions is None:
        failures = [work / "log.txt"]
    for path in failures:
        print(f"{_reason(log)}\n{path.read_text(errors='replace')[-_SHOWN:]}")  # noqa: T201
    kept = _reduce(target, seeds, work, corpus)
    count = executions[1] if executions else "an unknown number of"
    outcome = f"found: {', '.join(str(path) for path in failures)}" if failures else "nothing found"
    print(f"{target}: {count} cases in {took:.0f} s; corpus {kept}; {outcome}", flush=True)  # noqa: T201
    return bool(failures)


def _reason(log: str) -> str:
    """Why a case failed: Python's traceback, or what libFuzzer says."""
    found = re.search(r"=== Uncaught Python exception: ===\n(.*?)\n==[0-9]+==", log, re.DOTALL)
    return found[1] if found else log[-_SHOWN:]


def _reduce(target: str, seeds: list[bytes], work: Path, corpus: Path) -> int:
    """Write the cases that are needed beside the seeds to the corpus; returns how many."""
    reduced = work / "reduced"
    spread(seeds, reduced)
    # Branches count, not how often each was taken: that would keep thousands of cases.
    done, log = _run(
        target, "-set_cover_merge=1", "-use_counters=0", f"-max_len={_LONGEST}", str(reduced), str(work / "cases")
    )
    if not done:
        print(f"{target}: the corpus stays as it was, since it could not be reduced\n{log[-_SHOWN:]}")  # noqa: T201
        return len(read_cases(corpus, target))
    cases = {path.read_bytes() for path in reduced.iterdir()} - set(seeds)
    write_cases(corpus, target, cases)
    return len(cases)


def _run(target: str, *options: str) -> tuple[bool, str]:
    """Run libFuzzer in a process of its own; returns whether it ended well, and what it printed."""
    command = [sys.executable, "-m", "tests.fuzz.guided", target, *options]
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode == 0, done.stdout.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
