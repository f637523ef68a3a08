"""Imports by workers in the process of the test, into the sandbox."""

import asyncio
import signal
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from modulex_mem0.bulk_import import ImportOptions, open_source
from modulex_mem0.hosts.temporal import (
    ImportActivities,
    ImportHandle,
    ImportRequest,
    WorkerSettings,
    run_worker,
    start_import,
)
from modulex_mem0.runtime import Runtime, StoredCredentials
from modulex_mem0.sandbox import RunningSandbox
from tests.bulk_import.conftest import Service
from tests.hosts.temporal.cluster import CREDENTIAL, write_rows

ADD = {"path": "/v3/memories/add/", "method": "POST"}
PATIENCE = 60.0


@dataclass
class Importing:
    """A Temporal server, a sandbox and a stored credential for it."""

    client: Client
    runtime: Runtime
    store: StoredCredentials
    sandbox: RunningSandbox
    folder: Path
    queue: str = field(default_factory=lambda: f"imports-{uuid.uuid4()}")
    made: "list[Activities]" = field(default_factory=list)

    def store_credential(self, api_key: str | None = None, name: str = CREDENTIAL) -> None:
        profile = self.runtime.integrations["mem0"].profile
        values = {"api_key": api_key or self.sandbox.api_key, "base_url": self.sandbox.base_url}
        self.store.save(profile, name, values)

    @contextmanager
    def use(self, sandbox: RunningSandbox) -> Iterator[None]:
        """Import into another sandbox."""
        before, self.sandbox = self.sandbox, sandbox
        self.store_credential()
        yield
        self.sandbox = before

    def write(self, rows: int, **options: Any) -> Path:
        return write_rows(self.folder / "rows.jsonl", rows, **options)

    def request(self, source: Path, **changes: Any) -> ImportRequest:
        """What imports a source."""
        given: dict[str, Any] = {
            "job": uuid.uuid4().hex[:12],
            "source": str(source),
            "fingerprint": open_source(str(source), ImportOptions(), None).fingerprint(),
            "credential_name": CREDENTIAL,
            "task_queue": self.queue,
        }
        return ImportRequest(**(given | changes))

    async def start(self, request: ImportRequest) -> ImportHandle:
        return await start_import(self.client, request)

    @asynccontextmanager
    async def worker(self, **settings: Any) -> AsyncIterator["asyncio.Task[None]"]:
        """A worker for the time of the block, as the command runs it."""
        ready = asyncio.Event()
        given = WorkerSettings(task_queue=self.queue, graceful_shutdown=10.0, **settings)
        running = asyncio.create_task(run_worker(self.client, self.runtime, given, announce=lambda _line: ready.set()))
        await asyncio.wait_for(ready.wait(), PATIENCE)
        try:
            yield running
        finally:
            if not running.done():
                signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(running, PATIENCE)

    async def wait_for_adds(self, count: int) -> None:
        """Wait until the sandbox has accepted so many rows."""
        async with asyncio.timeout(PATIENCE):
            # The sandbox runs on a thread of its own.
            while len(await asyncio.to_thread(self.adds)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def adds(self) -> Counter[str]:
        """How often each row was accepted."""
        return Service(self.sandbox).adds()

    def activities(self) -> "Activities":
        """The activities of a worker that has not worked yet."""
        self.made.append(Activities(self))
        return self.made[-1]


class Activities:
    """The activities of one worker, each run as an attempt of its own, without a workflow."""

    def __init__(self, importing: Importing) -> None:
        self._client = importing.client
        self.activities = ImportActivities(importing.runtime, importing.store)

    async def run(self, name: str, *arguments: Any, **info: Any) -> Any:
        """Run `begin`, `index`, `send` or `follow`."""
        environment = ActivityEnvironment(self._client)
        given: dict[str, Any] = {
            "activity_type": f"modulex_import_{name}",
            "scheduled_time": datetime.now(UTC),
            "heartbeat_timeout": timedelta(seconds=30),
        }
        environment.info = replace(environment.info, **(given | info))
        return await environment.run(getattr(self.activities, name), *arguments)

    async def error(self, name: str, *arguments: Any, **info: Any) -> ApplicationError:
        """The error of an attempt."""
        with pytest.raises(ApplicationError) as caught:
            await self.run(name, *arguments, **info)
        return caught.value
