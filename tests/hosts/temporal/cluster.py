"""A bulk import on a cluster of this machine: a Temporal server, workers in processes, a sandbox, and what went wrong.

    python -m tests.hosts.temporal.cluster kill --rows 100000
    python -m tests.hosts.temporal.cluster scale --rows 8000

`kill` kills workers at random moments, and the Temporal server once, and counts the rows in the sandbox by their keys.
`scale` has each add take half a second, and compares one worker with four.
"""

import argparse
import asyncio
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client

from modulex_mem0.bulk_import import ImportOptions, open_source
from modulex_mem0.hosts.temporal import ImportHandle, ImportProgress, ImportRequest, import_job_id, start_import
from modulex_mem0.runtime import Runtime, StoredCredentials
from modulex_mem0.sandbox import sandbox_process
from tests.hosts.temporal.dev_server import DevServer
from tests.hosts.temporal.workers import WorkerProcess, worker_process

CREDENTIAL = "work"


def write_rows(path: Path, rows: int, *, users: int = 50, start: int = 0, infer: bool = False) -> Path:
    """A source with distinct rows, by default ones that are stored word for word."""
    with path.open("w") as file:
        for number in range(start, start + rows):
            messages = [{"role": "user", "content": f"On day {number} I counted {number} geese."}]
            file.write(json.dumps({"user_id": f"user-{number % users}", "messages": messages, "infer": infer}) + "\n")
    return path


@dataclass(frozen=True)
class Count:
    """Rows by their keys, as the sandbox has them."""

    rows: int
    lost: int
    doubled: int


def count_rows(database: Path, rows: int) -> Count:
    """Compare what the sandbox has with the number of distinct rows that were sent."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60) as connection:
        stored = Counter(
            json.loads(metadata)["import_key"]
            for (metadata,) in connection.execute("SELECT metadata FROM memories WHERE metadata IS NOT NULL")
        )
    return Count(sum(stored.values()), rows - len(stored), sum(stored.values()) - len(stored))


@dataclass
class Cluster:
    """The parts of a running cluster."""

    folder: Path
    temporal: DevServer
    client: Client
    sandbox_url: str
    database: Path
    environment: Mapping[str, str]
    queue: str
    api_key: str
    options: tuple[str, ...] = ()
    workers: list[WorkerProcess] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def add_worker(self) -> WorkerProcess:
        process = worker_process(
            self.temporal.address, "--task-queue", self.queue, *self.options, environment=self.environment
        )
        worker = self._stack.enter_context(process)
        self.workers.append(worker)
        return worker

    def store_credential(self, api_key: str) -> None:
        """Store what the workers use, as `work`."""
        with Runtime() as runtime:
            profile = runtime.integrations["mem0"].profile
        store = StoredCredentials(Path(self.environment["MODULEX_HOME"]))
        with _variables(self.environment):
            store.save(profile, CREDENTIAL, {"api_key": api_key, "base_url": self.sandbox_url})

    def set_faults(self, *faults: Mapping[str, Any]) -> None:
        httpx.put(f"{self.sandbox_url}/_sandbox/faults", json=list(faults)).raise_for_status()

    async def start(self, source: Path, **options: Any) -> ImportHandle:
        """Start the import of a source, or go on with it."""
        fingerprint = open_source(str(source), ImportOptions(), None).fingerprint()
        job = import_job_id(fingerprint, {}, "mem0", CREDENTIAL)
        request = ImportRequest(
            job=job,
            source=str(source),
            fingerprint=fingerprint,
            credential_name=CREDENTIAL,
            task_queue=self.queue,
            **options,
        )
        return await start_import(self.client, request)


@asynccontextmanager
async def cluster(
    folder: Path, workers: int, *options: str, delay: float = 0.0, temporal: DevServer | None = None
) -> AsyncIterator[Cluster]:
    """A cluster, for the time of the block.

    Args:
        folder: Keeps its data.
        workers: How many run at the start.
        *options: Of the workers' command.
        delay: How long the sandbox takes to work an add off, in seconds.
        temporal: A server that runs; by default one of its own.
    """
    environment = {"MODULEX_HOME": str(folder / "home"), "MODULEX_KEYRING": "off"}
    database = folder / "sandbox.db"
    with (
        sandbox_process(data=database, delay=delay, allow_fault_control=True) as sandbox,
        nullcontext(temporal) if temporal is not None else DevServer(folder) as server,
        ExitStack() as stack,
    ):
        made = Cluster(
            folder=folder,
            temporal=server,
            client=await server.client(),
            sandbox_url=sandbox.base_url,
            database=database,
            environment=environment,
            queue=f"imports-{uuid.uuid4()}",
            api_key=sandbox.api_key,
            options=options,
            _stack=stack,
        )
        made.store_credential(sandbox.api_key)
        for _ in range(workers):
            await asyncio.to_thread(made.add_worker)
        yield made


async def kill_at_random(made: Cluster, handle: ImportHandle, *, seed: int, pause: float, restart: bool) -> int:
    """Kill a worker now and then, and start another one in its place, until the import ends; how many were killed.

    Args:
        made: The cluster.
        handle: The import.
        seed: Of the moments.
        pause: Seconds between two kills, on average.
        restart: Whether to kill the Temporal server once, too, and to start it again.
    """
    moments = random.Random(seed)
    killed = 0
    ended = asyncio.create_task(handle.follow())
    while not ended.done():
        await asyncio.wait({ended}, timeout=pause * moments.uniform(0.5, 1.5))
        if ended.done():
            break
        if restart and killed == 2:
            restart = False
            made.temporal.kill()
            await asyncio.sleep(moments.uniform(0.0, 3.0))
            made.temporal.start()
            continue
        made.workers.pop(moments.randrange(len(made.workers))).kill()
        killed += 1
        await asyncio.to_thread(made.add_worker)
    await ended
    return killed


async def _kill(arguments: argparse.Namespace, folder: Path) -> None:
    source = write_rows(folder / "rows.jsonl", arguments.rows, users=arguments.users)
    async with cluster(folder, arguments.workers, "--requests", str(arguments.requests)) as made:
        begun = time.monotonic()
        handle = await made.start(source, chunk_rows=arguments.chunk_rows)
        killed = await kill_at_random(made, handle, seed=arguments.seed, pause=arguments.pause, restart=True)
        seconds = time.monotonic() - begun
        progress = await handle.follow()
    count = count_rows(folder / "sandbox.db", arguments.rows)
    report(f"{arguments.rows} rows, {arguments.workers} workers, {killed} killed, the server restarted once")
    report(f"{seconds:.0f} s; found again when a chunk was tried again: {progress.found}")
    report(f"lost {count.lost}, doubled {count.doubled}; the import counts {_counts(progress)}")


async def _scale(arguments: argparse.Namespace, folder: Path) -> None:
    source = write_rows(folder / "rows.jsonl", arguments.rows, users=arguments.users)
    rates = {}
    for workers in (1, arguments.workers):
        own = folder / str(workers)
        own.mkdir()
        async with cluster(own, workers, "--requests", str(arguments.requests)) as made:
            made.set_faults({"path": "/v3/memories/add/", "method": "POST", "delay": arguments.seconds})
            begun = time.monotonic()
            handle = await made.start(source, chunk_rows=arguments.chunk_rows)
            await handle.follow()
            seconds = time.monotonic() - begun
        count = count_rows(own / "sandbox.db", arguments.rows)
        rates[workers] = arguments.rows / seconds
        found = f"lost {count.lost}, doubled {count.doubled}"
        report(f"{workers} workers: {seconds:.1f} s, {rates[workers]:.0f} rows/s, {found}")
    report(f"{arguments.workers} workers are {rates[arguments.workers] / rates[1]:.2f} times as fast as one")


def report(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _counts(progress: ImportProgress) -> str:
    return f"rows {progress.rows}, accepted {progress.accepted}, finished {progress.finished}, failed {progress.failed}"


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("kill", "scale"))
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--chunk-rows", type=int, default=500)
    parser.add_argument("--requests", type=int, default=16, help="at once, in each worker")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=10.0, help="seconds between two kills")
    parser.add_argument("--seconds", type=float, default=0.5, help="what each add takes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modulex-cluster-") as folder:
        asyncio.run({"kill": _kill, "scale": _scale}[arguments.what](arguments, Path(folder)))
    # temporalio has aborted at the end of a process, after its work was done.
    os._exit(0)


if __name__ == "__main__":
    main()
