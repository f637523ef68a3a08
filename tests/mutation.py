"""Break the code in small ways, one at a time, and see that a test fails: `make mutation`.

mutmut changes each function of the modules that `[tool.mutmut]` in pyproject.toml lists. A mutant that no test notices
must be excused in mutation.toml, with the reason why a user would not notice it either. An excuse that no longer fits
any surviving mutant is reported too.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

__all__ = ["main"]

_ROOT = Path(__file__).parents[1]
_EXCUSES = Path(__file__).with_suffix(".toml")
_NOTICED = ("killed", "caught by type check", "timeout")


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


def _readable(name: str) -> str:
    """`package.module.Class.function` from mutmut's name of a mutant."""
    name = re.sub(r"__mutmut_\d+$", "", name)
    return re.sub(r"\.x(?:ǁ(\w+?)ǁ|_)", lambda part: f".{part[1]}." if part[1] else ".", name)


def excused() -> dict[Mutant, str]:
    """The reason for each mutant that may survive."""
    entries = tomllib.loads(_EXCUSES.read_text("utf-8"))["mutant"]
    return {Mutant(entry["function"], entry["before"], entry["after"]): entry["reason"] for entry in entries}


def _mutmut(*arguments: str) -> str:
    """What mutmut prints."""
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def main() -> int:
    """Run mutmut and judge its survivors; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--processes", type=int, default=2, help="mutants under test at once (default: %(default)s)")
    parser.add_argument("--judge", action="store_true", help="only judge the last run")
    parser.add_argument("mutants", nargs="*", help="names or patterns (default: all)")
    options = parser.parse_args()
    if not options.judge:
        command = ["run", "--max-children", str(options.processes), *options.mutants]
        subprocess.run([sys.executable, "-m", "mutmut", *command], cwd=_ROOT, check=True)
    results = re.findall(r"^\s+(\S+): (.+)$", _mutmut("results", "--all", "true"), re.MULTILINE)
    print(", ".join(f"{count} {status}" for status, count in Counter(status for _, status in results).most_common()))  # noqa: T201
    excuses = excused()
    survivors = {
        Mutant.from_diff(name, _mutmut("show", name))
        for name, status in results
        if status not in (*_NOTICED, "not checked")
    }
    for mutant in sorted(survivors - excuses.keys()):
        print(f"\nsurvived: {mutant.function}\n-{mutant.before}\n+{mutant.after}")  # noqa: T201
    whole = not options.mutants and not any(status == "not checked" for _, status in results)
    stale = excuses.keys() - survivors if whole else set()
    for mutant in sorted(stale):
        print(f"\nno such survivor any more: {mutant.function}\n-{mutant.before}\n+{mutant.after}")  # noqa: T201
    print(f"\n{len(survivors & excuses.keys())} excused, {len(survivors - excuses.keys())} survived")  # noqa: T201
    return 1 if survivors - excuses.keys() or stale else 0


if __name__ == "__main__":
    sys.exit(main())
