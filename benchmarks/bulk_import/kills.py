"""Kills an import with `kill -9` at random moments, goes on with the same command, and counts what arrived by key.

python -m benchmarks.bulk_import.kills --rows 100000 --kills 20
"""

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.bulk_import.harness import (
    Account,
    Arrived,
    accepted,
    arrived,
    expected_keys,
    import_process,
    write_rows,
)
from modulex_mem0.sandbox import sandbox_process

__all__ = ["run_with_kills"]

_PAUSE = 0.1


def run_with_kills(
    sandbox: Account, folder: Path, *, rows: int, kills: int, infer: bool, seed: int
) -> tuple[Arrived, dict[str, int]]:
    """Import a file, with kills at random numbers of adds that have arrived.

    Returns:
        What arrived, and what the command reported at its end.
    """
    file = folder / "rows.jsonl"
    write_rows(file, rows, users=max(rows // 200, 5), infer=infer, duplicates=rows // 50, seed=seed)
    chance = random.Random(seed)  # noqa: S311 - where to kill
    moments = sorted(chance.randrange(rows) for _ in range(kills))
    with httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers, timeout=60, trust_env=False) as client:
        for number, moment in enumerate(moments, 1):
            with import_process(file, sandbox, folder) as process:
                while process.poll() is None and (seen := accepted(client)) < moment:
                    time.sleep(_PAUSE)
                # A moment that has passed already kills the process while it starts, reads or asks.
                if seen >= moment and process.poll() is None:
                    time.sleep(chance.random())
                process.kill()
            print(f"kill {number} at {accepted(client)} adds", flush=True)
    with import_process(file, sandbox, folder) as process:
        output, errors = process.communicate()
    if not output:
        raise SystemExit(errors)
    return arrived(sandbox, expected_keys(file)), json.loads(output)


def main() -> None:
    """Run it as a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--infer", action="store_true", help="inferred adds, of which some store nothing")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox_process(data=Path(folder) / "sandbox.db", delay=0.5 if given.infer else 0) as sandbox,
    ):
        found, report = run_with_kills(
            sandbox, Path(folder), rows=given.rows, kills=given.kills, infer=given.infer, seed=given.seed
        )
    print(json.dumps(report))
    print(f"{given.rows} rows, {given.kills} kills, {time.monotonic() - begun:.0f} s: {found}")
    raise SystemExit(bool(found.lost or found.doubled or found.foreign))


if __name__ == "__main__":
    main()
