"""Break the code in small ways, one at a time, and see that a test fails: `make mutation`.

mutmut changes each function of the modules that `[tool.mutmut]` in pyproject.toml lists. A mutant that no test notices
must be excused in mutation.toml, with the reason why a user would not notice it either. An excuse that no longer fits
any surviving mutant is reported too.

Without names, all is done again. With names, such as 'modulex_mem0.contract.*', only those mutants are tried again,
also with the tests that were added since the last run.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

__all__ = ["main"]

_ROOT = Path(__file__).parents[1]
_EXCUSES = Path(__file__).with_suffix(".toml")
_NOT_CHECKED = "not checked"
# A mutant that hangs or crashes would be noticed by whoever runs the tests.
_NOTICED = ("killed", "timeout", "segfault")


class Mutant(NamedTuple):
    """A change of one function: the lines that it removes, and those that it adds."""

    function: str
    before: str
    after: str

    @classmethod
    def from_diff(cls, name: str, diff: str) -> "Mutant":
        """Read what `mutmut show` prints."""
        lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
        before = "\n".join(line[1:].strip() for line in lines if line.startswith("-"))
        after = "\n".join(line[1:].strip() for line in lines if line.startswith("+"))
        return cls(_readable(name), before, after)

    def __str__(self) -> str:
        removed = [f"-{line}" for line in self.before.split("\n")]
        added = [f"+{line}" for line in self.after.split("\n")]
        return "\n".join([self.function, *removed, *added])


class Verdict(NamedTuple):
    """What a run says: mutants that survived without an excuse, and excuses for mutants that did not survive."""

    unexcused: list[Mutant]
    stale: list[Mutant]


def _readable(name: str) -> str:
    """`package.module.Class.function` from mutmut's name of a mutant."""
    name = re.sub(r"__mutmut_\d+$", "", name)
    return re.sub(r"\.x(?:ǁ(\w+?)ǁ|_)(?=\w+$)", lambda part: f".{part[1]}." if part[1] else ".", name)


def excuses() -> dict[Mutant, str]:
    """The reason for each mutant that may survive."""
    entries = tomllib.loads(_EXCUSES.read_text("utf-8")).get("mutant", [])
    return {Mutant(entry["function"], entry["before"], entry["after"]): entry["reason"] for entry in entries}


def judge(survivors: set[Mutant], excused: set[Mutant], *, whole: bool) -> Verdict:
    """Compare the survivors with the excuses; whether an excuse is stale can only be said of a whole run."""
    return Verdict(sorted(survivors - excused), sorted(excused - survivors) if whole else [])


def _mutmut(*arguments: str) -> str:
    """What mutmut prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have pytest make the ids of parameters again; this module is its plugin in mutmut's runs.

    mutmut collects the tests several times in one process. pytest keeps the ids from the first time, and escapes their
    backslashes again each time, so that it would not find the tests.
    """
    for mark in metafunc.definition.iter_markers("parametrize"):
        if mark._param_ids_from is not None:
            object.__setattr__(mark._param_ids_from, "_param_ids_generated", None)


def main() -> int:
    """Run mutmut and judge its survivors; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=2, help="mutants under test at once (default: %(default)s)")
    parser.add_argument("--judge", action="store_true", help="run nothing: judge what the last run has so far")
    parser.add_argument("mutants", nargs="*", help="names or patterns of mutmut's (default: all)")
    options = parser.parse_args()
    if not options.judge:
        if not options.mutants:
            # mutmut would keep what it found out with the tests of the last run.
            shutil.rmtree(_ROOT / "mutants", ignore_errors=True)
        # With a pattern, mutmut first runs the tests by their ids, as it does for each mutant. It fails if pytest does
        # not find them: otherwise it would take that for tests that notice the mutants.
        command = ["run", "--max-children", str(options.processes), *(options.mutants or ["*"])]
        done = subprocess.run([sys.executable, "-m", "mutmut", *command], cwd=_ROOT, check=False)
        if done.returncode != 0:
            return done.returncode
    found = re.findall(r"^\s+(\S+): (.+)$", _mutmut("results", "--all", "true"), re.MULTILINE)
    results = {
        name: status
        for name, status in found
        if not options.mutants or any(fnmatchcase(name, pattern) for pattern in options.mutants)
    }
    if not results:
        parser.error("no mutant has such a name, or nothing has been run yet")
    print(", ".join(f"{count} {status}" for status, count in Counter(results.values()).most_common()))  # noqa: T201
    survivors = {
        Mutant.from_diff(name, _mutmut("show", name))
        for name, status in results.items()
        if status not in (*_NOTICED, _NOT_CHECKED)
    }
    whole = not options.mutants and _NOT_CHECKED not in results.values()
    excused = excuses().keys()
    verdict = judge(survivors, set(excused), whole=whole)
    for mutant in verdict.unexcused:
        print(f"\nsurvived: {mutant}")  # noqa: T201
    for mutant in verdict.stale:
        print(f"\nexcused, but noticed or gone: {mutant}")  # noqa: T201
    counts = (
        f"{len(survivors & excused)} excused, {len(verdict.unexcused)} survived, {len(verdict.stale)} stale excuses"
    )
    print(f"\n{counts}")  # noqa: T201
    return 1 if verdict.unexcused or verdict.stale else 0


if __name__ == "__main__":
    sys.exit(main())
