"""Compares the import with a plain loop that calls add_memories with as many calls at once, against the sandbox.

    python -m benchmarks.bulk_import.throughput --rows 4000 --rounds 3

Both validate every row and send it over the same runtime. The import also reads its source twice, checks it, keeps a
ledger and follows what it sent; its time has all of it.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.bulk_import.harness import Account, write_rows
from modulex_mem0.bulk_import import Destination, ImportJob, ImportOptions, Rate, open_source
from modulex_mem0.runtime import Runtime
from modulex_mem0.sandbox import sandbox_process

__all__ = ["main"]

_AT_ONCE = 16


async def _plain(account: Account, file: Path) -> float:
    async with Runtime() as runtime:
        bound = runtime.bind("mem0", credential={"api_key": account.api_key, "base_url": account.base_url})
        begun = time.perf_counter()
        with file.open() as lines:
            shared = iter(lines)

            async def loop() -> None:
                for line in shared:
                    result = await bound.call("add_memories", json.loads(line))
                    if not result.success:
                        raise SystemExit(result.output["error"])

            await asyncio.gather(*(loop() for _ in range(_AT_ONCE)))
        return time.perf_counter() - begun


async def _import(account: Account, file: Path, folder: Path) -> float:
    async with Runtime() as runtime:
        destination = Destination(runtime, {"api_key": account.api_key, "base_url": account.base_url})
        begun = time.perf_counter()
        source = open_source(str(file), ImportOptions(), destination.add_action)
        job = ImportJob(destination, source, Rate(in_flight=_AT_ONCE), folder=folder)
        status = await job.run()
        if status.totals.failed:
            raise SystemExit("rows failed")
        return time.perf_counter() - begun


def main() -> None:
    """Run it as a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    ratios = []
    for number in range(given.rounds):
        taken: dict[str, float] = {}
        # The one that goes second would find a busier or a quieter machine.
        for name in ("plain", "import") if number % 2 else ("import", "plain"):
            with tempfile.TemporaryDirectory() as folder, sandbox_process(delay=0) as sandbox:
                file = Path(folder) / "rows.jsonl"
                write_rows(file, given.rows, users=100)
                work = _plain(sandbox, file) if name == "plain" else _import(sandbox, file, Path(folder) / "imports")
                taken[name] = asyncio.run(work)
        ratios.append(taken["plain"] / taken["import"])
        speeds = ", ".join(f"{name} {given.rows / seconds:.0f} rows/s" for name, seconds in sorted(taken.items()))
        print(f"round {number + 1}: {speeds}, ratio {ratios[-1]:.2f}", flush=True)
    print(f"median ratio {median(ratios):.2f}")


if __name__ == "__main__":
    main()
