"""A job on one machine: it goes on where it was, reports what failed, and can be undone."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from modulex_mem0.bulk_import import (
    Destination,
    DestinationUnavailableError,
    ImportJob,
    ImportOptions,
    ImportStoppedError,
    JobLockedError,
    Ledger,
    LedgerError,
    Rate,
    count_job,
    failed_rows,
    find_job,
    job_status,
    list_jobs,
    open_source,
    undo_job,
)
from tests.bulk_import.conftest import Service, WriteRows, add

ADD = "/v3/memories/add/"
MakeJob = Callable[..., ImportJob]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "imports"


@pytest.fixture
def make_job(destination: Destination, folder: Path) -> MakeJob:
    def make(path: Path, *, in_flight: int = 8, patience: float = 30.0, **options: object) -> ImportJob:
        source = open_source(str(path), ImportOptions.model_validate(options), destination.add_action)
        rate = Rate(in_flight=in_flight)
        return ImportJob(destination, source, rate, folder=folder, chunk_rows=10, patience=patience, settle=0.01)

    return make


async def test_a_job_from_its_beginning_to_its_end(
    make_job: MakeJob, service: Service, write_rows: WriteRows, folder: Path
) -> None:
    path = write_rows(35, rows=[add("I like thing 3.", "user-0", infer=False), {"user_id": "alice"}])
    status = await make_job(path).run(facts={"credential": "work"})
    totals = status.totals
    assert (totals.rows, totals.accepted, totals.finished, totals.skipped, totals.failed) == (37, 35, 35, 1, 1)
    assert (status.record["state"], status.record["credential"], status.open_chunks) == ("done", "work", 0)
    assert sorted(service.adds().values()) == [1] * 35
    # The same job, from a file that was moved; nothing is left to do.
    again = make_job(path.rename(path.with_name("moved.jsonl")))
    assert (await again.run()).totals == totals
    assert again.resumed
    assert list_jobs(folder) == [status.job]
    assert sum(service.adds().values()) == 35


async def test_a_job_that_is_cancelled_goes_on(make_job: MakeJob, service: Service, write_rows: WriteRows) -> None:
    path = write_rows(60)
    for wanted in (7, 23, 41):
        job = make_job(path)
        task = asyncio.ensure_future(job.run())
        while job.totals.accepted < wanted and not task.done():  # noqa: ASYNC110 - what is waited for is a number
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    status = await make_job(path).run()
    assert (status.totals.accepted, status.totals.finished) == (60, 60)
    assert sorted(service.adds().values()) == [1] * 60


async def test_an_index_that_is_broken_off_goes_on(
    make_job: MakeJob, service: Service, write_rows: WriteRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_rows(35, rows=[add("I like thing 3.", "user-0", infer=False)])
    chunks = iter(range(2))

    def fail(self: Ledger, chunk: object) -> None:
        if next(chunks, None) is None:
            raise LedgerError("the disk is full")
        kept(self, chunk)  # type: ignore[arg-type]

    kept = Ledger.add_chunk
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "add_chunk", fail)
        with pytest.raises(LedgerError, match="the disk is full"):
            await make_job(path).run()
    status = await make_job(path).run()
    assert (status.totals.rows, status.totals.accepted, status.totals.skipped) == (36, 35, 1)
    assert sorted(service.adds().values()) == [1] * 35


async def test_two_processes_cannot_run_a_job_at_once(make_job: MakeJob, write_rows: WriteRows, folder: Path) -> None:
    path = write_rows(3)
    status = await make_job(path).run()
    with find_job(status.job[:6], folder) as ledger:
        ledger.lock()
        with pytest.raises(JobLockedError, match="running in another process"):
            await make_job(path).run()
    await make_job(path).run()


async def test_another_destination_or_another_option_is_another_job(
    make_job: MakeJob, write_rows: WriteRows, folder: Path
) -> None:
    path = write_rows(rows=[add("Mine", None, infer=False)])
    jobs = [(await make_job(path, user_id=user).run()).job for user in ("anna", "bob", "anna")]
    assert jobs[0] == jobs[2] != jobs[1]
    assert len(list_jobs(folder)) == 2
    with pytest.raises(LedgerError, match="there is no import 'zzz'"):
        find_job("zzz", folder)


async def test_rows_that_failed_are_corrected_and_given_back(
    make_job: MakeJob, service: Service, write_rows: WriteRows, destination: Destination, folder: Path
) -> None:
    path = write_rows(12, rows=[add("Half", None), add("Long", metadata={"a": "b" * 3000}, infer=False)])
    with path.open("a") as file:
        file.write("not json\n")
    status = await make_job(path).run()
    assert status.totals.failed == 3
    with find_job(status.job, folder) as ledger:
        lines = list(failed_rows(ledger, destination.add_action))
    assert [line["import_place"] for line in lines] == ["line 13", "line 14", "line 15"]
    assert lines[0]["import_error"].startswith("user_id: is missing")
    assert lines[2]["import_text"] == "not json"
    lines[0]["user_id"] = "alice"
    del lines[1]["metadata"]
    corrected = path.with_name("corrected.jsonl")
    corrected.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    status = await make_job(corrected).run()
    assert (status.totals.accepted, status.totals.failed) == (2, 1)
    with find_job(status.job, folder) as ledger:
        (line,) = failed_rows(ledger, destination.add_action)
    assert line["import_error"].startswith("import_text: holds what could not be read")
    assert sum(service.adds().values()) == 14


async def test_a_job_is_undone_by_its_tags(
    make_job: MakeJob, service: Service, write_rows: WriteRows, destination: Destination, folder: Path
) -> None:
    kept = await make_job(write_rows(rows=[add("Kept", "user-1", infer=False)], name="kept.jsonl")).run()
    agent = {"agent_id": "bot", "infer": False}
    path = write_rows(20, rows=[add("With an agent", "user-1", **agent)])
    status = await make_job(path).run()
    with find_job(status.job, folder) as ledger:
        assert sum((await count_job(ledger, destination, Rate())).values()) >= 21
        assert await undo_job(ledger, destination, Rate()) == 21
        assert job_status(ledger).record["state"] == "undone"
    assert [memory["memory"] for memory in service.memories("user-1")] == ["Kept"]
    assert service.memories("user-0") == []
    # Imported again, it is another job: the events of the old one do not pass for its own.
    again = await make_job(path).run()
    assert again.job not in (status.job, kept.job)
    assert again.totals.accepted == 21
    assert len(service.memories("user-0")) == 7


async def test_a_service_that_is_down_stops_a_job_that_goes_on_later(
    make_job: MakeJob, service: Service, write_rows: WriteRows
) -> None:
    path = write_rows(30)
    service.sandbox.set_faults({"path": ADD, "calls": list(range(11, 1000)), "status": 500})
    with pytest.raises(DestinationUnavailableError):
        await make_job(path, patience=0.2).run()
    service.sandbox.set_faults({"path": "*", "status": 401})
    with pytest.raises(ImportStoppedError):
        await make_job(path).run()
    service.sandbox.set_faults()
    assert (await make_job(path).run()).totals.accepted == 30
    assert sorted(service.adds().values()) == [1] * 30


async def test_the_ledger_holds_no_message_and_no_key(
    make_job: MakeJob, write_rows: WriteRows, folder: Path, credential: dict[str, str]
) -> None:
    await make_job(write_rows(30, rows=[add("A secret of mine", None)])).run()
    content = _content(folder)
    for secret in (b"I like thing", b"secret of mine", credential["api_key"].encode()):
        assert secret not in content


def _content(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())
