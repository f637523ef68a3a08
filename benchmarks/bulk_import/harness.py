"""What the measurements of the import share: a source, the command in a process, and the count of what arrived."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx

from modulex_mem0.bulk_import import ImportOptions, Row, Source, TemporaryKeys, open_source

__all__ = ["Account", "Arrived", "accepted", "arrived", "expected_keys", "import_process", "write_rows"]

_GREETING = "Hello!"


class Account(Protocol):
    """Where a sandbox is, and how to get in."""

    @property
    def base_url(self) -> str:
        """Its address."""

    @property
    def api_key(self) -> str:
        """Its key."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request needs."""


def write_rows(path: Path, rows: int, *, users: int, infer: bool = False, duplicates: int = 0, seed: int = 1) -> None:
    """Write a JSONL file of distinct rows, one message each, and of duplicates of some of them, in a mixed order.

    Where Mem0 infers, every tenth row is a greeting, which stores nothing.
    """
    chance = random.Random(seed)  # noqa: S311 - which rows are repeated
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            text = f"I have visited the place number {number} of my list, and I liked it."
            if infer and number % 10 == 9:
                text = f"{_GREETING} " * (number % 50 + 1)
            row = {"user_id": f"user-{number % users}", "messages": [{"role": "user", "content": text}], "infer": infer}
            line = json.dumps(row)
            file.write(f"{line}\n")
            if duplicates and chance.random() < duplicates / rows:
                file.write(f"{line}\n")


def expected_keys(path: Path) -> set[str]:
    """The keys of all rows of a source, as the import makes them."""
    keys: set[str] = set()
    source: Source = open_source(str(path), ImportOptions(), None)
    with TemporaryKeys() as seen:
        for _ in source.index(seen, on_rows=lambda rows: keys.update(r.key for r in rows if isinstance(r, Row))):
            pass
    return keys


@contextmanager
def import_process(
    file: Path, sandbox: Account, home: Path, *options: str, stdout: int = subprocess.PIPE
) -> Iterator["subprocess.Popen[str]"]:
    """Run the command on a file; it is killed at the end of the block if it still runs."""
    environment = {
        **os.environ,
        "MODULEX_HOME": str(home),
        "MEM0_BASE_URL": sandbox.base_url,
        "MEM0_API_KEY": sandbox.api_key,
    }
    command = [sys.executable, "-m", "modulex_mem0.cli", "import", str(file), "--json", *options]
    with subprocess.Popen(command, env=environment, stdout=stdout, stderr=stdout, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


class Arrived:
    """How often each key was accepted, or stored."""

    def __init__(self, counts: Counter[str], expected: set[str]) -> None:
        self.lost = len(expected - counts.keys())
        self.doubled = sum(count - 1 for count in counts.values())
        self.foreign = len(counts.keys() - expected)
        self.rows = sum(counts.values())

    def __str__(self) -> str:
        return f"{self.rows} arrived, {self.lost} lost, {self.doubled} doubled"


def arrived(sandbox: Account, expected: set[str]) -> Arrived:
    """Count the adds in the sandbox by their key, from the events, which also show what stored nothing."""
    counts: Counter[str] = Counter()
    with httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers, timeout=60, trust_env=False) as client:
        page = 1
        while True:
            body = client.get("/v1/events/", params={"page": page, "page_size": 200}).json()
            for event in body["results"]:
                if event["event_type"] == "ADD" and event["status"] != "FAILED":
                    counts[event["payload"]["metadata"]["import_key"]] += 1
            if not body["next"]:
                return Arrived(counts, expected)
            page += 1


def accepted(client: httpx.Client) -> int:
    """How many events the sandbox has."""
    count: int = client.get("/v1/events/", params={"page_size": 1}).json()["count"]
    return count
