"""The code blocks of docs/hosts/temporal.md run as printed."""

import asyncio
import importlib
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from temporalio.worker import Worker

from modulex_mem0.hosts.temporal import TASK_QUEUE
from modulex_mem0.runtime import Runtime, StoredCredentials
from modulex_mem0.sandbox import RunningSandbox
from tests.hosts.temporal.dev_server import DevServer
from tests.hosts.temporal.workers import worker_process
from tests.hosts.temporal.workflows import Asked, CallOnce

PAGE = (Path(__file__).parents[3] / "docs" / "hosts" / "temporal.md").read_text(encoding="utf-8")


async def test_the_page_works_as_written(
    temporal_server: DevServer,
    store: StoredCredentials,
    sandbox: RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = await temporal_server.client()
    workflow, own_worker = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    # Temporal imports the module of a workflow by its name.
    (tmp_path / "workflow_of_the_page.py").write_text(workflow)
    (tmp_path / "worker_of_the_page.py").write_text(own_worker)
    monkeypatch.syspath_prepend(str(tmp_path))
    remember = importlib.import_module("workflow_of_the_page").Remember
    with Runtime() as runtime:
        profile = runtime.integrations["mem0"].profile
        store.save(profile, "work", {"api_key": sandbox.api_key, "base_url": sandbox.base_url})
    assert f"`{TASK_QUEUE}`" in PAGE

    async def run(workflow: Any, *arguments: Any) -> Any:
        handle = await client.start_workflow(
            workflow, args=arguments, id=f"page-{uuid.uuid4()}", task_queue="workflows-of-the-page"
        )
        return await handle.result()

    async with Worker(client, task_queue="workflows-of-the-page", workflows=[remember, CallOnce]):
        with worker_process(temporal_server.address):
            assert await run(remember.run, "alice", "I cook.") == "PENDING"
        own = asyncio.create_task(importlib.import_module("worker_of_the_page").main(client))
        search = ["mem0", "search_memories", {"user_id": "alice", "query": "cook"}, "work"]
        found = await run(CallOnce.run, Asked("mine", search))
        assert "cook" in str(found["search_results"])
        own.cancel()
        with pytest.raises(asyncio.CancelledError):
            await own
