"""The workflow of an import: whatever stops it, it goes on where it was, and no row is sent twice."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import PauseActivityRequest, UnpauseActivityRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.converter import DataConverter, DefaultPayloadConverter

from modulex_mem0.hosts.temporal import ImportHandle, ImportProgress, ImportWaitsError, TemporalImportError
from modulex_mem0.hosts.temporal.import_plan import SEND_CHUNK, ChunkTask
from tests.hosts.temporal.importing import ADD, PATIENCE, Importing

STARTED = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
PAUSED = PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED
# A chunk that takes three seconds with four requests at once. The server is asked each second whether the attempt still
# counts, and Temporal's own heartbeats would bring the news after four.
SLOWLY = {**ADD, "delay": 0.2}
ROWS, HEARTBEAT = 64, 5.0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        # What is waited for is in the Temporal server.
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def end_of(handle: ImportHandle) -> ImportProgress:
    return await asyncio.wait_for(handle.follow(), PATIENCE)


def workflow_of(importing: Importing, handle: ImportHandle) -> "WorkflowHandle[Any, Any]":
    return importing.client.get_workflow_handle(handle.workflow_id)


async def pending(importing: Importing, handle: ImportHandle) -> list[PendingActivityInfo]:
    description = await workflow_of(importing, handle).describe()
    return list(description.raw_description.pending_activities)


async def test_an_import_waits_for_its_file_and_goes_on_when_it_is_there(importing: Importing) -> None:
    source = importing.write(5)
    request = importing.request(source)
    content = source.read_text()
    source.unlink()
    async with importing.worker():
        with pytest.raises(ImportWaitsError, match=r"rows\.jsonl"):
            await end_of(await importing.start(request))
        source.write_text(content)
        progress = await end_of(await importing.start(request))
    assert (progress.accepted, progress.stopped) == (5, None)


async def test_an_import_without_a_row_ends(importing: Importing) -> None:
    source = importing.folder / "rows.csv"
    source.write_text("user_id,content\n")
    async with importing.worker():
        progress = await end_of(await importing.start(importing.request(source)))
    assert (progress.rows, progress.chunks, progress.is_indexed) == (0, 0, True)


async def test_a_worker_that_is_stopped_leaves_the_rest_of_its_chunk_to_another(importing: Importing) -> None:
    importing.sandbox.set_faults(SLOWLY)
    async with importing.worker(requests=4) as stopped:
        handle = await importing.start(importing.request(importing.write(ROWS)))
        await importing.wait_for_adds(8)
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(stopped, PATIENCE)
    sent = importing.adds()
    assert len(sent) < ROWS
    importing.sandbox.set_faults()
    async with importing.worker():
        progress = await end_of(handle)
    # What was in flight when the worker was stopped has been answered, and is not sent again.
    assert (progress.accepted, progress.found) == (ROWS, len(sent))
    assert sorted(importing.adds().values()) == [1] * ROWS


async def test_an_import_that_was_cancelled_sends_no_more_and_begins_again_where_it_was(importing: Importing) -> None:
    importing.sandbox.set_faults(SLOWLY)
    request = importing.request(importing.write(ROWS), heartbeat=HEARTBEAT)
    started = time.time()
    async with importing.worker(requests=4):
        handle = await importing.start(request)
        await importing.wait_for_adds(8)
        await workflow_of(importing, handle).cancel()
        with pytest.raises(TemporalImportError, match=r"the import has ended: .*; start it again"):
            await end_of(handle)
        again = await importing.start(request)
        assert again.is_new

        async def is_sending() -> bool:
            (one,) = await pending(importing, again) or [PendingActivityInfo()]
            return (one.activity_type.name, one.state) == (SEND_CHUNK, STARTED)

        # The worker has room for one chunk: the old attempt has ended then.
        await until(is_sending)
        await workflow_of(importing, again).cancel()
        with pytest.raises(TemporalImportError, match="start it again"):
            await end_of(again)
        again = await importing.start(request)
        await until(is_sending)
        importing.sandbox.set_faults()
        progress = await end_of(again)
    # Each time, only the events of this import are read.
    assert progress.again
    assert progress.since is not None
    assert started - 1 < progress.since < started + PATIENCE
    assert progress.accepted == ROWS
    assert 8 <= progress.found < ROWS
    assert sorted(importing.adds().values()) == [1] * ROWS


async def test_a_chunk_that_an_operator_pauses_is_not_sent_on_until_it_may_go_on(importing: Importing) -> None:
    importing.sandbox.set_faults(SLOWLY)
    service = importing.client.workflow_service
    async with importing.worker(requests=4):
        handle = await importing.start(importing.request(importing.write(ROWS), heartbeat=HEARTBEAT))
        await importing.wait_for_adds(8)
        which: dict[str, Any] = {
            "namespace": importing.client.namespace,
            "execution": WorkflowExecution(workflow_id=handle.workflow_id),
            "type": SEND_CHUNK,
        }
        await service.pause_activity(PauseActivityRequest(**which))

        async def is_paused() -> bool:
            states = [one.state for one in await pending(importing, handle)]
            return states == [PAUSED]

        await until(is_paused)
        sent = importing.adds()
        assert len(sent) < ROWS
        importing.sandbox.set_faults()
        await service.unpause_activity(UnpauseActivityRequest(**which))
        progress = await end_of(handle)
    assert progress.accepted == ROWS
    assert progress.found >= len(sent)
    assert sorted(importing.adds().values()) == [1] * ROWS


class Failing(DefaultPayloadConverter):
    """A converter of a user's own, which cannot write for a while."""

    fails = False

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        if self.fails and any(isinstance(value, ChunkTask) for value in values):
            raise ValueError("the key of the histories is not there")
        return super().to_payloads(values)


@pytest.mark.parametrize("chunks", [1, 2])
async def test_what_cannot_be_written_to_the_history_is_told_there_and_holds_the_import_up(
    importing: Importing, monkeypatch: pytest.MonkeyPatch, chunks: int
) -> None:
    """The import neither hangs in silence nor ends as if it were complete."""
    monkeypatch.setattr(Failing, "fails", True)
    converter = replace(DataConverter.default, payload_converter_class=Failing)
    config: dict[str, Any] = {**importing.client.config(), "data_converter": converter}
    importing.client = Client(**config)
    async with importing.worker():
        handle = await importing.start(importing.request(importing.write(5 * chunks), chunk_rows=5, window=1))
        workflow = workflow_of(importing, handle)
        failures: list[str] = []

        async def has_failed() -> bool:
            failures.extend(
                event.workflow_task_failed_event_attributes.failure.message
                for event in (await workflow.fetch_history()).events
                if event.HasField("workflow_task_failed_event_attributes")
            )
            return bool(failures)

        await until(has_failed)
        assert failures[0] == "the key of the histories is not there"
        assert (await workflow.describe()).status is WorkflowExecutionStatus.RUNNING
        assert not importing.adds()
        monkeypatch.setattr(Failing, "fails", False)
        progress = await end_of(handle)
    assert progress.accepted == 5 * chunks


async def test_an_import_that_is_cancelled_before_it_has_begun_ends(importing: Importing) -> None:
    importing.sandbox.set_faults({"path": "/v1/ping/", "delay": 30})
    async with importing.worker():
        request = importing.request(importing.write(5), heartbeat=1.0)
        handle = await importing.start(request)

        async def has_begun() -> bool:
            states = [one.state for one in await pending(importing, handle)]
            return states == [STARTED]

        await until(has_begun)
        await workflow_of(importing, handle).cancel()
        with pytest.raises(TemporalImportError, match="start it again"):
            await end_of(handle)
        assert (await workflow_of(importing, handle).describe()).status is WorkflowExecutionStatus.CANCELED
        assert not importing.adds()
        importing.sandbox.set_faults()
        progress = await end_of(await importing.start(request))
    assert (progress.accepted, progress.since is None) == (5, False)
