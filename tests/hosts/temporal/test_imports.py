"""A bulk import by workers in processes: nothing is lost, nothing doubled, and histories hold no message and no key."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from temporalio.worker import Replayer

from modulex_mem0.hosts.temporal import ImportProgress, ImportWaitsError, ImportWorkflow
from tests.hosts.temporal.cluster import CREDENTIAL, Cluster, Count, cluster, count_rows, write_rows
from tests.hosts.temporal.dev_server import DevServer

ADD = {"path": "/v3/memories/add/", "method": "POST"}
PATIENCE = 90.0


def command(made: Cluster, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `modulex-mem0 import` where the credentials of the workers are stored."""
    return subprocess.run(
        [sys.executable, "-m", "modulex_mem0.cli", "import", *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | dict(made.environment),
        timeout=PATIENCE,
    )


async def until(made: Cluster, condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        # What is waited for is in another process.
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_the_command_starts_an_import_follows_it_and_knows_it_afterwards(
    temporal_server: DevServer, tmp_path: Path
) -> None:
    source = write_rows(tmp_path / "rows.jsonl", 600, users=7)
    with source.open("a") as file:
        # One row a second time, and one that is invalid.
        file.write(source.read_text().partition("\n")[0] + "\n")
        file.write('{"user_id": "user-1"}\n')
    async with cluster(tmp_path, 2, temporal=temporal_server) as made:
        options = ["--temporal", temporal_server.address, "--task-queue", made.queue, "--credential", CREDENTIAL]
        ended = await asyncio.to_thread(command, made, str(source), *options)
        assert ended.returncode == 1, ended.stderr
        assert "rows     602\naccepted 600\nfinished 600\nskipped  1 " in ended.stdout
        job = re.search(r"import   (\w+) of", ended.stdout)
        assert job is not None

        failures = await asyncio.to_thread(command, made, "failures", job[1])
        (row,) = map(json.loads, failures.stdout.splitlines())
        assert row["user_id"] == "user-1"
        assert row["import_error"].startswith("messages: ")

        again = await asyncio.to_thread(command, made, str(source), *options)
        assert again.stdout == ended.stdout

        workflow = made.client.get_workflow_handle(f"modulex-import-{job[1]}")
        written = b"".join([e.SerializeToString() for e in (await workflow.fetch_history()).events])
        assert str(source).encode() in written
        assert CREDENTIAL.encode() in written
        for secret in ("geese", made.api_key, "user-1"):
            assert secret.encode() not in written

        undone = await asyncio.to_thread(command, made, "undo", job[1], "--yes")
        assert undone.stdout == f"undone: {job[1]}, 600 memories deleted\n", undone.stderr
    assert count_rows(tmp_path / "sandbox.db", 600).rows == 0


async def test_neither_a_killed_worker_nor_a_restarted_server_loses_or_doubles_a_row(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", 1200)
    async with cluster(tmp_path, 2, "--requests", "8") as made:
        made.set_faults({**ADD, "delay": 0.05})
        handle = await made.start(source, chunk_rows=100, heartbeat=3.0)

        async def some_are_sent() -> bool:
            progress = await handle.progress()
            return progress is not None and progress.accepted >= 200

        await until(made, some_are_sent)
        made.workers.pop().kill()
        await asyncio.to_thread(made.add_worker)
        made.temporal.kill()
        made.temporal.start()
        progress = await asyncio.wait_for(handle.follow(), PATIENCE)
        assert (progress.accepted, progress.finished, progress.failed) == (1200, 1200, 0)
    assert count_rows(tmp_path / "sandbox.db", 1200) == Count(1200, 0, 0)


async def test_a_worker_that_was_frozen_sends_nothing_that_another_has_taken_over(
    temporal_server: DevServer, tmp_path: Path
) -> None:
    source = write_rows(tmp_path / "rows.jsonl", 300)
    async with cluster(tmp_path, 1, "--requests", "4", temporal=temporal_server) as made:
        made.set_faults({**ADD, "delay": 0.05})
        frozen = made.workers[0]
        handle = await made.start(source, chunk_rows=300, heartbeat=2.0)

        async def some_are_sent() -> bool:
            workflow = made.client.get_workflow_handle(handle.workflow_id)
            pending = (await workflow.describe()).raw_description.pending_activities
            beats = [activity.heartbeat_details.payloads for activity in pending]
            return any(json.loads(payload.data).get("accepted") for payloads in beats for payload in payloads)

        await until(made, some_are_sent)
        frozen.freeze()
        await asyncio.to_thread(made.add_worker)
        progress = await asyncio.wait_for(handle.follow(), PATIENCE)
        assert progress.found > 0
        frozen.thaw()
        # It ends when what it was doing has ended.
        assert await asyncio.to_thread(frozen.stop) == 0
    assert count_rows(tmp_path / "sandbox.db", 300) == Count(300, 0, 0)


async def test_an_import_whose_credential_is_refused_waits_and_goes_on(
    temporal_server: DevServer, tmp_path: Path
) -> None:
    source = write_rows(tmp_path / "rows.jsonl", 120)
    async with cluster(tmp_path, 1, temporal=temporal_server) as made:
        made.store_credential("m0-a-key-that-nobody-knows")
        handle = await made.start(source, chunk_rows=50)
        with pytest.raises(ImportWaitsError, match=r"unauthorized .*Replace the credential"):
            await asyncio.wait_for(handle.follow(), PATIENCE)
        made.store_credential(made.api_key)
        progress = await asyncio.wait_for((await made.start(source, chunk_rows=50)).follow(), PATIENCE)
        assert progress.accepted == 120
    assert count_rows(tmp_path / "sandbox.db", 120) == Count(120, 0, 0)


async def test_a_long_import_continues_as_new_and_its_events_are_followed(
    temporal_server: DevServer, tmp_path: Path
) -> None:
    source = write_rows(tmp_path / "rows.jsonl", 200, infer=True)
    async with cluster(tmp_path, 1, delay=1.5, temporal=temporal_server) as made:
        handle = await made.start(source, chunk_rows=40, page=2, pages=1)
        seen: list[ImportProgress] = []
        progress = await asyncio.wait_for(handle.follow(seen.append), PATIENCE)
        assert (progress.rows, progress.accepted, progress.finished, progress.chunks) == (200, 200, 200, 5)
        assert any(one.accepted > one.finished for one in seen)
        records = await handle.records()
        assert [record.outcome.finished for record in records] == [40] * 5
        # Every run can be replayed: the workflow's code makes the same decisions again.
        runs = [run async for run in made.client.list_workflows(f"WorkflowId = '{handle.workflow_id}'")]
        assert len(runs) == 3
        replayer = Replayer(workflows=[ImportWorkflow])
        for run in runs:
            workflow = made.client.get_workflow_handle(handle.workflow_id, run_id=run.run_id)
            await replayer.replay_workflow(await workflow.fetch_history())
    assert count_rows(tmp_path / "sandbox.db", 200) == Count(200, 0, 0)


async def test_a_ceiling_holds_for_all_workers_together(temporal_server: DevServer, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", 120, start=1000)
    async with cluster(tmp_path, 2, temporal=temporal_server) as made:
        begun = asyncio.get_running_loop().time()
        handle = await made.start(source, chunk_rows=15, rate=20.0)
        await asyncio.wait_for(handle.follow(), PATIENCE)
        assert asyncio.get_running_loop().time() - begun >= 120 / 20 * 0.8
    assert count_rows(tmp_path / "sandbox.db", 120) == Count(120, 0, 0)
