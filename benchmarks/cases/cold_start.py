"""What a fresh interpreter pays: whole processes, their time and their largest memory."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import ROOT, Bench
from benchmarks.installed import install_integrations
from benchmarks.plan import Plan
from benchmarks.progress import tell
from benchmarks.roster import why_not

__all__ = ["run_cold_start"]

# The kernel's own count for a child begins with what its parent used, so that each process tells its peak itself.
_PEAK: Final = (
    "import atexit, os\n"
    "if os.path.exists('/proc/self/status'):\n"
    "    atexit.register(lambda: os.write(2, open('/proc/self/status', 'rb').read()))\n"
)
_DISCOVER: Final = (
    "import sys\n"
    "from modulex_mem0.runtime import discover\n"
    "manifest = discover()['mem0'].manifest\n"
    "assert manifest.actions\n"
    "assert 'httpx' not in sys.modules and 'aiohttp' not in sys.modules\n"
)
_PYDANTIC: Final = "from pydantic import BaseModel\nclass Model(BaseModel):\n    number: int = 0"
_COMMAND: Final = "import sys\nfrom modulex_mem0.cli import main\nsys.exit(main())"

#: Programs by name: what runs, and whose package it needs.
_PROGRAMS: Final[dict[str, tuple[list[str], str | None]]] = {
    "python": (["-c", "pass"], None),
    "pydantic": (["-c", _PYDANTIC], None),
    "discover": (["-c", _DISCOVER], None),
    "discover_many": (["-c", _DISCOVER], None),
    "actions": (["-c", _COMMAND, "actions"], None),
    "help": (["-c", _COMMAND, "--help"], None),
    "modulex_tool": (["-c", "import modulex_integrations.tools.mem0.tools"], "modulex_tool"),
    "official": (["-c", "import mem0"], "official"),
}


def run_cold_start(bench: Bench, plan: Plan) -> dict[str, dict[str, list[float]]]:
    """By program: seconds, CPU seconds and megabytes of every start; the programs take turns."""
    tell("cold start")
    folder = bench.folder / "integrations"
    if not folder.exists():
        install_integrations(folder, plan.installed - 1)
    programs = {
        name: arguments for name, (arguments, needs) in _PROGRAMS.items() if needs is None or why_not(needs) is None
    }
    starts: dict[str, dict[str, list[float]]] = {name: {"seconds": [], "cpu": [], "mib": []} for name in programs}
    # The first round writes the byte code and is not counted.
    for counted in (False, *[True] * plan.cold_rounds):
        for name, arguments in programs.items():
            start = _start(bench, arguments, folder if name == "discover_many" else None)
            for what, value in start.items() if counted else ():
                starts[name][what].append(value)
    return starts


def _start(bench: Bench, arguments: list[str], extra_path: Path | None) -> dict[str, Any]:
    path = os.pathsep.join(str(p) for p in (extra_path, ROOT) if p is not None)
    begun = time.perf_counter()
    # The process is waited for by hand, since that tells what it used.
    process = subprocess.Popen(
        [sys.executable, arguments[0], _PEAK + arguments[1], *arguments[2:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=bench.folder,
        env=bench.environment(PYTHONPATH=path),
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None
    with process.stderr as stream:
        told = stream.read().decode()
    if process.returncode:
        raise RuntimeError(f"a program ended with {process.returncode}: {arguments}\n{told}")
    peak = re.search(r"^VmHWM:\s*(\d+) kB$", told, re.MULTILINE)
    kib = int(peak[1]) if peak else used.ru_maxrss / (2**10 if sys.platform == "darwin" else 1)
    return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "mib": kib / 2**10}
