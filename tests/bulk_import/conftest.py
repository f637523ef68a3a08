"""A destination in the sandbox, and what arrived there."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from modulex_mem0.bulk_import import (
    Chunk,
    ChunkResult,
    Destination,
    ImportOptions,
    InvalidRow,
    Rate,
    Row,
    Source,
    TemporaryKeys,
    open_source,
    send_chunk,
)
from modulex_mem0.runtime import Runtime, RuntimeSettings
from modulex_mem0.sandbox import RunningSandbox

WriteRows = Callable[..., Path]
JOB = "job-1"


@dataclass
class Service:
    """The sandbox as the tests look at it."""

    sandbox: RunningSandbox

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        with httpx.Client(base_url=self.sandbox.base_url, headers=self.sandbox.headers, trust_env=False) as client:
            body: dict[str, Any] = client.get(path, params=params).raise_for_status().json()
        return body

    def _pages(self, path: str) -> Iterable[dict[str, Any]]:
        page = 1
        while True:
            body = self._get(path, page=page, page_size=200)
            yield from body["results"]
            if not body["next"]:
                return
            page += 1

    def adds(self) -> Counter[str]:
        """How often each key was accepted."""
        events = [event for event in self._pages("/v1/events/") if event["event_type"] == "ADD"]
        return Counter(event["payload"]["metadata"]["import_key"] for event in events)

    def memories(self, user_id: str) -> list[dict[str, Any]]:
        with httpx.Client(base_url=self.sandbox.base_url, headers=self.sandbox.headers, trust_env=False) as client:
            body = {"filters": {"user_id": user_id}, "page_size": 200}
            found: list[dict[str, Any]] = client.post("/v3/memories/", json=body).json()["results"]
        return found


@pytest.fixture
def service(sandbox: RunningSandbox) -> Service:
    return Service(sandbox)


@pytest.fixture
async def destination(credential: dict[str, str]) -> AsyncIterator[Destination]:
    async with Runtime(RuntimeSettings(retry_wait=0.001)) as runtime:
        yield Destination(runtime, credential)


@pytest.fixture
def write_rows(tmp_path: Path) -> WriteRows:
    """Write rows as JSONL; by default they are stored word for word, and all differ."""

    def write(count: int = 0, *, rows: Iterable[Any] = (), name: str = "rows.jsonl", users: int = 3) -> Path:
        numbered = [add(f"I like thing {number}.", f"user-{number % users}", infer=False) for number in range(count)]
        path = tmp_path / name
        path.write_text("".join(f"{json.dumps(row)}\n" for row in [*numbered, *rows]))
        return path

    return write


def add(text: str, user_id: str | None = "alice", **more: Any) -> dict[str, Any]:
    """An input of add_memories."""
    user = {} if user_id is None else {"user_id": user_id}
    return {**user, "messages": [{"role": "user", "content": text}], **more}


def opened(path: Path, action: Any, **options: Any) -> Source:
    return open_source(str(path), ImportOptions(**options), action)


def all_rows(source: Source, chunk_rows: int = 500) -> list[Row | InvalidRow]:
    """The rows as they are read again from the chunks."""
    with TemporaryKeys() as seen:
        return [row for chunk in source.index(seen, chunk_rows=chunk_rows) for row in source.read(chunk).rows]


def inputs(source: Source) -> list[Mapping[str, Any]]:
    rows = all_rows(source)
    assert not [row for row in rows if isinstance(row, InvalidRow)], rows
    return [row.input for row in rows if isinstance(row, Row)]


def reasons(source: Source) -> list[str]:
    return [row.reason for row in all_rows(source) if isinstance(row, InvalidRow)]


def cut(destination: Destination, path: Path) -> tuple[Source, Chunk]:
    """A source that is one chunk, and the chunk."""
    source = opened(path, destination.add_action)
    with TemporaryKeys() as seen:
        (chunk,) = source.index(seen)
    return source, chunk


async def send(destination: Destination, path: Path, **options: Any) -> ChunkResult:
    """Send a source that is one chunk."""
    source, chunk = cut(destination, path)
    given: dict[str, Any] = {"job": JOB, "rate": Rate(), "again": False, "settle": 0.01, "patience": 30.0} | options
    return await send_chunk(destination, source, chunk, **given)
