"""The measurements. Each case below takes the bench and the plan, and returns data for the results' JSON file."""

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import ROOT, Bench, Measure, open_bench
from benchmarks.contenders import CONTENDERS, RAW, TRANSPORTS
from benchmarks.results import Load, Results

__all__ = ["CASES", "FULL", "PROGRAMS", "QUICK", "Plan", "run"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much a run measures.

    Attributes:
        name: For the report.
        loads: The loads of the throughput case.
        rounds: How often each contender is measured under each load.
        seconds: How long one round of one contender lasts.
        watched: The loads under which the longest step of the event loop is looked for.
        cold_rounds: How often each program is started.
        lasting_calls: How many calls the memory case makes.
        served_calls: How many calls a round of the REST case makes.
        installed: How many integrations the growth case installs.
    """

    name: str
    loads: tuple[Load, ...]
    rounds: int
    seconds: float
    watched: tuple[Load, ...]
    cold_rounds: int
    lasting_calls: int
    served_calls: int = 1000
    installed: int = 200


_TEN: Final = tuple(Load("http", 10, at_once) for at_once in (1, 32, 128))
_LARGE: Final = tuple(Load("http", records, at_once) for records in (200, 1000) for at_once in (1, 32))
_TLS: Final = tuple(Load("https", 10, at_once) for at_once in (1, 32))
FULL: Final = Plan(
    name="full",
    loads=(*_TEN, *_LARGE, *_TLS),
    rounds=7,
    seconds=0.3,
    watched=(Load("http", 200, 1), Load("http", 1000, 1), Load("http", 1000, 32)),
    cold_rounds=9,
    lasting_calls=100_000,
)
QUICK: Final = Plan(
    name="quick",
    loads=(*_TEN, *_LARGE, Load("https", 10, 32)),
    rounds=3,
    seconds=0.3,
    watched=(Load("http", 1000, 1),),
    cold_rounds=3,
    lasting_calls=10_000,
    served_calls=300,
)

Case = Callable[[Bench, Plan], Any]
#: By name, in the order of a run.
CASES: Final[dict[str, Case]] = {}


def _case(measure: Case) -> Case:
    CASES[measure.__name__] = measure
    return measure


def run(plan: Plan, only: Iterable[str] = ()) -> Results:
    """Measure the cases named in `only`, or all of them."""
    begun = time.monotonic()
    data: dict[str, Any] = {"plan": plan.name, "machine": _machine(), "contenders": _described()}
    for name in [name for name in CASES if name in only] or CASES:
        print(name, file=sys.stderr, flush=True)
        # Each case has its own processes, so that what one leaves on the heap is no burden to the next.
        with open_bench() as bench:
            data[name] = CASES[name](bench, plan)
    data["minutes"] = round((time.monotonic() - begun) / 60, 1)
    return Results(data)


@_case
def throughput(bench: Bench, plan: Plan) -> list[dict[str, Any]]:
    """Calls per second, latency and CPU per call: one entry for each load and contender."""
    # What the server can take is measured in the same rounds, while the machine is as busy.
    contenders = {name: bench.contender(name) for name in (RAW, *_available(CONTENDERS))}
    few = {name: measure for name, measure in contenders.items() if name == RAW or not CONTENDERS[name].connections}
    turns = chain.from_iterable(
        _take_turns(contenders if load.records <= 10 else few, [load], plan) for load in plan.loads
    )
    return [{**asdict(load), "contender": name, "rounds": rounds} for load, name, rounds in turns]


@_case
def blocking(bench: Bench, plan: Plan) -> list[dict[str, Any]]:
    """How long a call keeps everything else waiting: the longest step of the event loop, by load and contender."""
    names = ("runtime_pyreqwest", "runtime_httpx", "bare_httpx", "bare_aiohttp", "official", "modulex_tool")
    contenders = {name: bench.contender(name) for name in _available(names)}
    return [
        {**asdict(load), "contender": name, "rounds": [taken["longest_step"] for taken in rounds]}
        for load, name, rounds in _take_turns(contenders, plan.watched, plan, mode="watch")
    ]


@_case
def growth(bench: Bench, plan: Plan) -> list[dict[str, Any]]:
    """CPU per call with one integration installed and with many: one entry for each runtime and number."""
    many = _install_integrations(bench.folder / "integrations", plan.installed - 1)
    contenders = {
        (name, count): bench.contender(name, extra_path=path)
        for name in _available(over.runtime for over in TRANSPORTS.values())
        for count, path in ((1, None), (plan.installed, many))
    }
    turns = _take_turns(contenders, [Load("http", 10, 1)], plan)
    return [{"contender": name, "installed": count, "rounds": rounds} for _, (name, count), rounds in turns]


@_case
def cold_start(bench: Bench, plan: Plan) -> dict[str, dict[str, list[float]]]:
    """Whole processes: by program, the seconds, CPU seconds and megabytes of every start; the programs take turns."""
    many = _install_integrations(bench.folder / "integrations", plan.installed - 1)
    programs = [name for name in PROGRAMS if name not in CONTENDERS or _available([name])]
    starts: dict[str, dict[str, list[float]]] = {name: {"seconds": [], "cpu": [], "mib": []} for name in programs}
    # The first round writes the byte code and is not counted.
    for counted in (False, *[True] * plan.cold_rounds):
        for name in programs:
            start = _start(bench, name, (many, ROOT) if name == "discover_many" else (ROOT,))
            for used, value in start.items() if counted else ():
                starts[name][used].append(value)
    return starts


@_case
def memory(bench: Bench, plan: Plan) -> dict[str, Any]:
    """Resident memory and allocated blocks at ten points of many calls, over the runtime's default transport."""
    name = _available(over.runtime for over in TRANSPORTS.values())[0]
    measure, load = bench.contender(name), Load("http", 10, 8)
    measure(load, calls=1000)
    points: list[dict[str, float]] = []
    made = 0
    for _ in range(10):
        taken = measure(load, calls=plan.lasting_calls // 10, mode="warm")
        made += taken["calls"]
        points.append({"calls": made, "mib": taken["rss"] / 2**20, "blocks": taken["blocks"]})
    return {"contender": name, "points": points}


@_case
def rest(bench: Bench, plan: Plan) -> dict[str, Any]:
    """CPU per call through the runtime, and through the server that has it: milliseconds, one pair for each round."""
    try:
        # The extra `serve`; with its libraries missing, the rest of a run goes on.
        from benchmarks.rest import measure  # noqa: PLC0415
    except ImportError as error:
        return {"skipped": f"{error.name} is not installed", "rounds": []}
    return {
        "rounds": [{"runtime": direct, "server": served} for direct, served in measure(plan.served_calls, plan.rounds)]
    }


def _available(names: Iterable[str]) -> list[str]:
    return [name for name in names if CONTENDERS[name].skipped is None]


def _take_turns(
    contenders: Mapping[Any, Measure], loads: Iterable[Load], plan: Plan, **options: str
) -> Iterator[tuple[Load, Any, list[dict[str, Any]]]]:
    """Each load, each contender's key, and its rounds; in a round every contender has its turn."""
    for load in loads:
        print(f"  {load.title}", file=sys.stderr, flush=True)
        taken: dict[Any, list[dict[str, Any]]] = {key: [] for key in contenders}
        for _ in range(plan.rounds):
            for key, measure in contenders.items():
                taken[key].append(measure(load, seconds=plan.seconds, **options))
        yield from ((load, key, rounds) for key, rounds in taken.items())


_PYDANTIC: Final = "from pydantic import BaseModel\nclass Model(BaseModel):\n    number: int = 0"
_COMMAND: Final = "import sys\nfrom modulex_mem0.cli import main\nsys.exit(main())"
_TOOL: Final = "import modulex_integrations.tools.mem0.tools"
_DISCOVER: Final = """\
import sys
from modulex_mem0.runtime import discover
manifest = discover()['mem0'].manifest
assert manifest.actions
assert 'httpx' not in sys.modules and 'pyreqwest' not in sys.modules
"""
#: The programs of the cold-start case: a label, the code, and its arguments. One that needs a contender's library has
#: that contender's name.
PROGRAMS: Final[dict[str, tuple[str, ...]]] = {
    "python": ("an interpreter that does nothing", "pass"),
    "pydantic": ("one pydantic model of one field", _PYDANTIC),
    "help": ("`modulex-mem0 --help`", _COMMAND, "--help"),
    "discover": ("discover Mem0 and read its manifest", _DISCOVER),
    "discover_many": ("the same with 200 integrations installed", _DISCOVER),
    "actions": ("`modulex-mem0 actions`", _COMMAND, "actions"),
    "modulex_tool": ("import ModuleX's mem0 tool", _TOOL),
    "official": ("import the official client", "import mem0"),
}

# The kernel's count for a child starts with what its parent used, so each process reports its own peak.
_REPORT_PEAK: Final = """\
import atexit, os
if os.path.exists('/proc/self/status'):
    atexit.register(lambda: os.write(2, open('/proc/self/status', 'rb').read()))
"""


def _start(bench: Bench, name: str, path: Iterable[Path]) -> dict[str, float]:
    label, code, *arguments = PROGRAMS[name]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _REPORT_PEAK + code, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=bench.folder,
        env=bench.environment(PYTHONPATH=os.pathsep.join(map(str, path))),
    )
    # Only this way of waiting returns what the process used.
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    _, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{label} ended with {process.returncode}\n{errors}")
    peak = re.search(r"^VmHWM:\s*(\d+) kB$", errors, re.MULTILINE)
    kib = int(peak[1]) if peak else used.ru_maxrss / (2**10 if sys.platform == "darwin" else 1)
    return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "mib": kib / 2**10}


_INTEGRATION: Final = """\
from modulex_mem0.contract import AuthScheme, CredentialField, Integration, Profile, hookimpl

about = {{"display_name": "{name}", "description": "A filler."}}
key = CredentialField(name="api_key", environment_variable="{upper}_KEY", sensitive=True, **about)
headers = {{"Authorization": "Bearer {{api_key}}"}}
scheme = AuthScheme(type="api_key", fields=(key,), base_url="https://example.com", headers=headers, **about)
profile = Profile(name="{name}", version="1.0.0", author="Nobody", auth_schemes=(scheme,), **about)

@hookimpl
def modulex_integrations():
    return [Integration(profile, ())]
"""


def _install_integrations(folder: Path, count: int) -> Path:
    """Write small distributions with an entry point each, and return the folder, which belongs on `sys.path`."""
    for number in range(count):
        name = f"filler_{number:03}"
        metadata = folder / f"{name}-1.0.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0.0\n")
        (metadata / "entry_points.txt").write_text(f"[modulex]\n{name} = {name}\n")
        (folder / f"{name}.py").write_text(_INTEGRATION.format(name=name, upper=name.upper()))
    return folder


_PACKAGES = (
    "modulex-mem0",
    "pydantic",
    "httpx",
    "httpcore",
    "pyreqwest",
    "aiohttp",
    "httpx-aiohttp",
    "mem0ai",
    "modulex-integrations",
)


def _machine() -> dict[str, Any]:
    """Processor, Python and the packages' versions; no names and no paths."""
    cpuinfo = Path("/proc/cpuinfo")
    processor = re.search(r"^model name\s*: *(.+)$", cpuinfo.read_text() if cpuinfo.exists() else "", re.MULTILINE)
    packages = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            packages[name] = version(name)
    return {
        "processor": processor[1] if processor else platform.processor() or "unknown",
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "packages": packages,
    }


def _described() -> dict[str, dict[str, str | None]]:
    """The contenders, and raw sockets, for the report."""
    described = {
        name: {
            "label": contender.label,
            "setup": " ".join((contender.open.__doc__ or "").split()).removesuffix("."),
            "skipped": contender.skipped,
        }
        for name, contender in CONTENDERS.items()
    }
    setup = "no contender: the same bytes again and again over plain sockets, the reply's bytes counted"
    return described | {RAW: {"label": "raw sockets, nothing decoded", "setup": setup, "skipped": None}}
