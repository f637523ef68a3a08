"""What the activities of an import return and raise: fit for a history, and right whatever worker they run in."""

import logging
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.hosts.temporal import ImportRequest
from modulex_mem0.hosts.temporal.import_plan import Beginning, ChunkPage, ChunkTask, FailedRow
from modulex_mem0.sandbox import running_sandbox
from tests.bulk_import.conftest import add
from tests.hosts.temporal.importing import ADD, Activities, Importing


async def task_of(worker: Activities, request: ImportRequest, chunk: int = 0) -> ChunkTask:
    """The task of a chunk, as the workflow makes it."""
    begun: Beginning = await worker.run("begin", request)
    page: ChunkPage = await worker.run("index", request, None)
    return ChunkTask(chunk=page.chunks[chunk], account=begun.account, again=begun.again, since=None, share=None)


def append(source: Path, *rows: str) -> Path:
    with source.open("a") as file:
        file.writelines(f"{row}\n" for row in rows)
    return source


async def test_what_was_sent_is_known_to_an_import_that_begins_again(importing: Importing) -> None:
    request = importing.request(importing.write(5))
    worker = importing.activities()
    task = await task_of(worker, request)
    assert task.again is False
    sent = await worker.run("send", request, task)
    assert (sent.accepted, sent.found, sent.finished) == (5, 0, 5)
    begun = await importing.activities().run("begin", request)
    assert begun == Beginning(account=task.account, again=True)
    again = await worker.run("send", request, replace(task, again=True))
    assert (again.accepted, again.found) == (5, 5)
    assert sorted(importing.adds().values()) == [1] * 5


async def test_a_table_without_a_row_is_imported_as_nothing(importing: Importing) -> None:
    source = importing.folder / "rows.csv"
    source.write_text("user_id,content\n")
    request = importing.request(source)
    worker = importing.activities()
    begun = await worker.run("begin", request)
    assert begun.again is False
    assert begun.account
    page = await worker.run("index", request, None)
    assert (page.chunks, page.is_last) == ([], True)


async def test_another_file_at_the_path_of_the_import_is_refused(importing: Importing) -> None:
    source = importing.write(5)
    request = importing.request(source)
    append(source, '{"user_id": "bob", "messages": "I am new here."}')
    error = await importing.activities().error("begin", request)
    assert (error.type, error.non_retryable) == ("source", True)
    assert "is not the file that the import was started with" in error.message
    assert f"(worker {importing.client.identity})" in error.message


async def test_a_missing_file_is_named_with_the_worker_that_lacks_it(importing: Importing) -> None:
    source = importing.write(5)
    request = importing.request(source)
    source.unlink()
    error = await importing.activities().error("begin", request)
    assert (error.type, error.non_retryable) == ("source", True)
    assert str(source) in error.message
    assert importing.client.identity in error.message


async def pages(worker: Activities, request: ImportRequest, after: Any = None) -> list[list[int]]:
    """The numbers of the chunks on each page of an index."""
    found = []
    while True:
        page = await worker.run("index", request, after)
        found.append([chunk["number"] for chunk in page.chunks])
        if page.is_last:
            return found
        after = page.chunks[-1]


async def test_any_worker_gives_any_page_of_the_index(importing: Importing) -> None:
    request = importing.request(importing.write(50), chunk_rows=10, page=2)
    worker = importing.activities()
    assert await pages(worker, request) == [[1, 2], [3, 4], [5]]
    # An activity that is tried again asks for a page that was read before.
    assert await pages(worker, request) == [[1, 2], [3, 4], [5]]
    first = await worker.run("index", request, None)
    assert await pages(importing.activities(), request, first.chunks[-1]) == [[3, 4], [5]]


@pytest.mark.parametrize("rows", [20, 50], ids=["shorter", "other"])
async def test_an_index_does_not_go_on_in_a_file_that_has_changed(importing: Importing, rows: int) -> None:
    source = importing.write(50)
    request = importing.request(source, chunk_rows=10, page=3)
    first = await importing.activities().run("index", request, None)
    importing.write(rows, start=1000)
    other = importing.activities()
    error = await other.error("index", request, first.chunks[-1])
    assert (error.type, error.non_retryable) == ("source", True)
    assert "has changed since the import of it began" in error.message
    # With the old file in its place it goes on.
    importing.write(50)
    assert await pages(other, request, first.chunks[-1]) == [[4, 5]]


async def test_a_worker_keeps_the_index_of_few_imports_and_reads_that_of_others_again(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = importing.folder / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    source = importing.write(30)
    worker = importing.activities()
    requests = [importing.request(source, chunk_rows=10, page=1) for _ in range(12)]
    begun = [await worker.run("index", request, None) for request in requests]
    assert len(list(folder.iterdir())) == 8
    assert await pages(worker, requests[0], begun[0].chunks[-1]) == [[2], [3], []]


async def test_a_worker_whose_credential_leads_to_another_project_sends_nothing(importing: Importing) -> None:
    request = importing.request(importing.write(5))
    task = await task_of(importing.activities(), request)
    other = importing.sandbox.with_fresh_project()
    importing.store_credential(other.api_key)
    error = await importing.activities().error("send", request, task)
    assert (error.type, error.non_retryable) == ("forbidden", True)
    assert "another project than the one in which the import began" in error.message
    assert not importing.adds()
    with importing.use(other):
        assert not importing.adds()


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"credential_name": "wrok"}, "missing_credential", "did you mean 'work'?"),
        ({"credential_name": ""}, "invalid_input", "credential_name: must be the name of a stored credential"),
        ({"integration": "mem"}, "unsupported", "did you mean 'mem0'?"),
    ],
    ids=["unknown", "blank", "integration"],
)
async def test_what_an_import_names_wrongly_is_said_with_the_fix(
    importing: Importing, changes: dict[str, Any], code: str, says: str
) -> None:
    error = await importing.activities().error("begin", importing.request(importing.write(1), **changes))
    assert (error.type, error.non_retryable) == (code, True)
    assert says in error.message
    assert importing.client.identity in error.message


async def test_an_error_of_the_service_is_told_without_its_words(importing: Importing) -> None:
    """What the service says may quote the row, and a history can be read by many."""
    request = importing.request(importing.write(1))
    quoted = {"body": {"detail": "I counted 0 geese."}}
    worker = importing.activities()
    importing.sandbox.set_faults({"path": "/v1/ping/", "status": 401, **quoted})
    stopped = await worker.error("begin", request)
    assert (stopped.type, stopped.non_retryable) == ("unauthorized", True)
    assert stopped.message.startswith("unauthorized (HTTP 401): Replace the credential")
    importing.sandbox.set_faults({"path": "/v1/ping/", "status": 503, "retry_after": 300, **quoted})
    later = await worker.error("begin", request)
    assert (later.type, later.non_retryable) == ("service_error", False)
    assert later.next_retry_delay == timedelta(seconds=300)
    assert later.message.startswith("service_error (HTTP 503): ")
    assert "geese" not in stopped.message + later.message


async def test_a_service_that_is_away_is_tried_again(importing: Importing) -> None:
    with running_sandbox() as gone, importing.use(gone):
        request = importing.request(importing.write(1))
    error = await importing.activities().error("begin", request)
    assert (error.type, error.non_retryable, error.next_retry_delay) == ("connection_failed", False, None)
    assert error.message.startswith("connection_failed: ")


async def test_a_pause_that_the_service_asks_for_holds_for_the_next_chunk_too(importing: Importing) -> None:
    request = importing.request(importing.write(10), chunk_rows=5)
    worker = importing.activities()
    first, second = await task_of(worker, request), await task_of(worker, request, 1)
    importing.sandbox.set_faults({**ADD, "status": 429, "retry_after": 3600})
    for task in (first, second):
        error = await worker.error("send", request, task)
        assert (error.type, error.non_retryable) == ("rate_limited", False)
        # The worker sends a chunk of another import meanwhile.
        assert error.next_retry_delay is not None
        assert timedelta(seconds=3500) < error.next_retry_delay <= timedelta(seconds=3600)


async def test_a_row_that_is_refused_is_told_by_its_position_and_code(importing: Importing) -> None:
    source = append(importing.write(2), '{"user_id": "bob"}')
    too_long = add("I like tea.", infer=False, metadata={"note": "y" * 3000})
    append(source, str(too_long).replace("'", '"').replace("False", "false"))
    request = importing.request(source)
    worker = importing.activities()
    outcome = await worker.run("send", request, await task_of(worker, request))
    assert (outcome.accepted, outcome.invalid) == (2, 1)
    assert outcome.failures == [FailedRow(position=3, stage="refused", code="invalid_input")]


async def test_events_are_followed_to_their_end(importing: Importing) -> None:
    with running_sandbox(delay=0.2) as slow, importing.use(slow):
        request = importing.request(importing.write(4, infer=True))
        worker = importing.activities()
        task = await task_of(worker, request)
        # A reason that looks as if it began with one of our codes.
        slow.set_faults({**ADD, "calls": 2, "event_error": "invalid_input: I counted 1 geese."})
        sent = await worker.run("send", request, task)
        assert (sent.accepted, sent.finished, len(sent.pending)) == (4, 0, 4)
        # Another worker follows, which has only what is in the history.
        arguments = (request, task.chunk, task.account, sent.pending, None)
        ended = await importing.activities().run("follow", *arguments)
    assert (ended.finished, ended.pending) == (3, {})
    (failed,) = ended.failures
    assert (failed.stage, failed.code) == ("event", None)
    assert "geese" not in str(ended)


async def test_a_fault_of_ours_is_in_the_workers_log_and_not_in_the_history(
    importing: Importing, caplog: pytest.LogCaptureFixture
) -> None:
    # As an import that a later version started.
    request = importing.request(importing.write(1), options={"of_a_later_version": "alice"})
    with caplog.at_level(logging.ERROR, "modulex_mem0"):
        error = await importing.activities().error("begin", request)
    assert (error.type, error.non_retryable) == ("internal", False)
    assert error.message == "ValidationError in modulex_import_begin; the log of the worker has the details"
    assert "of_a_later_version" in caplog.text
