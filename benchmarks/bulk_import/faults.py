"""Imports rows while the service fails in the ways that services do, and counts what arrived by key.

python -m benchmarks.bulk_import.faults --rows 2000
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.bulk_import.harness import Account, accepted, arrived, expected_keys, import_process, write_rows
from modulex_mem0.sandbox import sandbox_process

__all__ = ["main"]

_ADD = "/v3/memories/add/"
_OUTAGE = 30.0
_STORM = 10.0
_STORMS = f"three storms of 429 for {_STORM:.0f} s, Retry-After 2 s"


def _some(rows: int, share: float, **fault: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - the parts of a fault
    chance = random.Random(3)  # noqa: S311 - which calls fail
    calls = [number for number in range(1, 3 * rows) if chance.random() < share]
    return [{"path": _ADD, "calls": calls, **fault}]


def _scenarios(rows: int) -> dict[str, list[dict[str, Any]]]:
    return {
        _STORMS: [{"path": _ADD, "status": 429, "retry_after": 2}],
        "5 % HTTP 500": _some(rows, 0.05, status=500),
        "5 % HTTP 504 after the work": _some(rows, 0.05, processed=True, status=504),
        "5 % resets before the work": _some(rows, 0.05, reset="before"),
        "5 % resets after the work": _some(rows, 0.05, reset="after"),
        "each add takes 0.5 s": [{"path": _ADD, "delay": 0.5}],
        f"down for {_OUTAGE:.0f} s": [],
    }


def main() -> None:
    """Run it as a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2000)
    given = parser.parse_args()
    bad = 0
    for name, faults in _scenarios(given.rows).items():
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found, report = _run(Path(folder), given.rows, faults, storms=name == _STORMS)
        print(f"{name}: {found}, failed {report['failed']}, {time.monotonic() - begun:.0f} s", flush=True)
        bad += found.lost + found.doubled + report["failed"]
    raise SystemExit(bool(bad))


def _run(folder: Path, rows: int, faults: list[dict[str, Any]], *, storms: bool) -> tuple[Any, dict[str, int]]:
    file = folder / "rows.jsonl"
    write_rows(file, rows, users=50)
    with ExitStack() as stack:
        # Only a server that is started again needs its data in a file.
        data = None if faults else folder / "sandbox.db"
        sandbox = stack.enter_context(_sandbox(data, 0))
        with _client(sandbox) as client:
            if not storms:
                client.put("/_sandbox/faults", json=faults).raise_for_status()
            with import_process(file, sandbox, folder) as process:
                if storms:
                    for share in (0.2, 0.5, 0.8):
                        _wait_for(client, int(rows * share))
                        client.put("/_sandbox/faults", json=faults).raise_for_status()
                        time.sleep(_STORM)
                        client.delete("/_sandbox/faults").raise_for_status()
                if not faults:
                    _wait_for(client, rows // 3)
                    sandbox.process.kill()
                    sandbox.process.wait()
                    time.sleep(_OUTAGE)
                    port = int(sandbox.base_url.rpartition(":")[2])
                    sandbox = stack.enter_context(_sandbox(data, port))
                output, errors = process.communicate()
        if not output:
            raise SystemExit(errors)
        return arrived(sandbox, expected_keys(file)), json.loads(output)


@contextmanager
def _sandbox(data: Path | None, port: int) -> Iterator[Any]:
    with sandbox_process(delay=0, port=port, data=data, allow_fault_control=True) as sandbox:
        yield sandbox


def _wait_for(client: httpx.Client, adds: int) -> None:
    while accepted(client) < adds:
        time.sleep(0.1)


def _client(sandbox: Account) -> httpx.Client:
    return httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers, timeout=60, trust_env=False)


if __name__ == "__main__":
    main()
