"""The ledger of an import on one machine: an SQLite file that says of each chunk how far it has come.

It holds offsets, keys, users, event ids and reasons; never a message or a credential. A chunk is marked as begun before
its first row is sent, and that mark is on the disk by then.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from modulex_mem0.bulk_import.chunks import Chunk
from modulex_mem0.bulk_import.destination import EventState, Scope
from modulex_mem0.bulk_import.results import ChunkResult, RowFailure

__all__ = ["JobLockedError", "JobRecord", "Ledger", "LedgerError", "Totals", "list_jobs"]

_VERSION = 1
_SCHEMA = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE keys (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE chunks (
    number INTEGER PRIMARY KEY, chunk TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'new', begun REAL,
    rows INTEGER NOT NULL, to_send INTEGER NOT NULL, accepted INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0, finished INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX chunks_by_state ON chunks (state, number);
CREATE TABLE pending (
    event_id TEXT PRIMARY KEY, chunk INTEGER NOT NULL, position INTEGER NOT NULL, user_id TEXT NOT NULL,
    place TEXT NOT NULL, since REAL NOT NULL
);
CREATE TABLE failures (
    chunk INTEGER NOT NULL, position INTEGER NOT NULL, place TEXT NOT NULL, stage TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (chunk, position)
) WITHOUT ROWID;
CREATE TABLE scopes (user_id TEXT NOT NULL, agent_id TEXT NOT NULL, PRIMARY KEY (user_id, agent_id)) WITHOUT ROWID;
"""


class LedgerError(Exception):
    """The ledger cannot be used; the message is one line."""


class JobLockedError(LedgerError):
    """Another process is running this job."""


class JobRecord(dict[str, Any]):
    """What a job was started with, and its `state`: `indexing`, `sending`, `done` or `undone`."""


@dataclass(slots=True)
class Totals:
    """Rows of a job.

    Attributes:
        rows: How many the source has, as far as it was read.
        accepted: Taken by the service.
        skipped: Repeat an earlier row of the source.
        finished: Accepted, and worked off since.
        failed: Not imported.
    """

    rows: int = 0
    accepted: int = 0
    skipped: int = 0
    finished: int = 0
    failed: int = 0


class Ledger:
    """One job's ledger.

    Args:
        path: The file; a new one is made if it does not exist, unless `create` is false.
        create: Whether to make it.

    Raises:
        LedgerError: It does not exist, or is no ledger of this version.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._lock: sqlite3.Connection | None = None
        if not create and not path.exists():
            raise LedgerError(f"there is no import {path.stem!r} on this machine")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The index is made in a thread, in which nothing else uses the connection meanwhile.
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            with suppress(OSError):
                os.chmod(path, 0o600)  # noqa: PTH101 - as its neighbours
            self._connection.row_factory = sqlite3.Row
            self._connection.executescript(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;"
                "PRAGMA busy_timeout = 10000;"
            )
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
            elif version != _VERSION:
                raise LedgerError(f"{path}: was written by another version of this program")
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"{path}: cannot be used: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and let other processes run the job."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def lock(self) -> None:
        """Keep other processes from running the job. The lock ends with this process, however it ends.

        Raises:
            JobLockedError: Another process has it.
        """
        lock = sqlite3.connect(self.path.with_suffix(".lock"), timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            lock.close()
            raise JobLockedError(f"the import {self.path.stem} is running in another process") from None
        self._lock = lock

    # What the job was started with

    @property
    def record(self) -> JobRecord:
        """The job's facts; empty for a new one."""
        return JobRecord({row["name"]: json.loads(row["value"]) for row in self._query("SELECT * FROM facts")})

    def note(self, **facts: Any) -> None:  # noqa: ANN401 - any JSON values
        """Set some of the job's facts."""
        for name, value in facts.items():
            self._execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    # The index

    def add(self, keys: Sequence[bytes]) -> list[bool]:
        """Remember keys, with the chunk that is added next; says of each whether it was new."""
        self._begin()
        insert = "INSERT OR IGNORE INTO keys VALUES (?)"
        return [self._execute(insert, (key,)).rowcount == 1 for key in keys]

    def add_chunk(self, chunk: Chunk) -> None:
        """Add the next chunk of the index."""
        self._begin()
        self._execute(
            "INSERT INTO chunks (number, chunk, rows, to_send) VALUES (?, ?, ?, ?)",
            (chunk.number, chunk.model_dump_json(), chunk.rows, chunk.to_send),
        )
        self._execute("COMMIT")

    def last_chunk(self) -> Chunk | None:
        """The last chunk of the index so far. Keys that were added after it are forgotten."""
        if self._connection.in_transaction:
            self._execute("ROLLBACK")
        row = self._query("SELECT chunk FROM chunks ORDER BY number DESC LIMIT 1").fetchone()
        return None if row is None else Chunk.model_validate_json(row["chunk"])

    # Chunks

    def next_chunks(self) -> Iterator[tuple[Chunk, float | None]]:
        """The chunks that are not sent, each with the time at which it was first begun, if it was; these come first."""
        while True:
            row = self._query(
                "SELECT number, chunk, begun FROM chunks WHERE state IN ('begun', 'new') ORDER BY state, number LIMIT 1"
            ).fetchone()
            if row is None:
                return
            self._execute("UPDATE chunks SET state = 'taken' WHERE number = ?", (row["number"],))
            yield Chunk.model_validate_json(row["chunk"]), row["begun"]

    def release_taken(self) -> None:
        """Give back the chunks that an earlier process had taken."""
        self._execute(
            "UPDATE chunks SET state = CASE WHEN begun IS NULL THEN 'new' ELSE 'begun' END WHERE state = 'taken'"
        )

    def begin_chunk(self, number: int, scopes: Iterable[Scope]) -> float:
        """Note, before anything of a chunk is sent, that it was begun, and for whom; returns when it first was."""
        self._execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT OR IGNORE INTO scopes VALUES (?, ?)", [(scope.user_id, scope.agent_id or "") for scope in scopes]
        )
        self._execute("UPDATE chunks SET begun = coalesce(begun, ?) WHERE number = ?", (time.time(), number))
        begun: float = self._query("SELECT begun FROM chunks WHERE number = ?", (number,)).fetchone()["begun"]
        self._execute("COMMIT")
        return begun

    def end_chunk(self, result: ChunkResult, since: float) -> None:
        """Note what became of a chunk's rows."""
        self._execute("BEGIN IMMEDIATE")
        self._execute(
            "UPDATE chunks SET state = 'sent', accepted = ?, skipped = ?, finished = ? WHERE number = ?",
            (result.accepted, result.skipped, result.finished, result.number),
        )
        self._execute("DELETE FROM failures WHERE chunk = ?", (result.number,))
        self._add_failures(result.number, result.failures)
        self._connection.executemany(
            "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?)",
            [
                (event_id, result.number, position, result.users[event_id], result.places[event_id], since)
                for event_id, position in result.pending.items()
            ],
        )
        self._execute("COMMIT")

    def _add_failures(self, chunk: int, failures: Iterable[RowFailure]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?)",
            [(chunk, failure.position, failure.place, failure.stage, failure.reason) for failure in failures],
        )

    # Events

    def pending_count(self) -> int:
        """How many accepted rows have not ended."""
        count: int = self._query("SELECT count(*) FROM pending").fetchone()[0]
        return count

    def pending(self, limit: int) -> tuple[dict[str, str], float | None]:
        """The events that were accepted first and have not ended, each with its user; and when the first was sent."""
        rows = self._query(
            "SELECT event_id, user_id, since FROM pending ORDER BY since, chunk LIMIT ?", (limit,)
        ).fetchall()
        return {row["event_id"]: row["user_id"] for row in rows}, rows[0]["since"] if rows else None

    def end_events(self, states: Mapping[str, EventState]) -> tuple[int, int]:
        """Note how events ended; returns how many rows are finished, and how many failed."""
        finished = failed = 0
        self._execute("BEGIN IMMEDIATE")
        for event_id, state in states.items():
            row = self._query("SELECT * FROM pending WHERE event_id = ?", (event_id,)).fetchone()
            if row is None or not state.is_final:
                continue
            self._execute("DELETE FROM pending WHERE event_id = ?", (event_id,))
            if state.status == "FAILED":
                failed += 1
                reason = state.reason or "Mem0 gives no reason"
                self._add_failures(
                    row["chunk"],
                    [RowFailure(position=row["position"], place=row["place"], stage="event", reason=reason)],
                )
            else:
                finished += 1
                self._execute("UPDATE chunks SET finished = finished + 1 WHERE number = ?", (row["chunk"],))
        self._execute("COMMIT")
        return finished, failed

    # What is asked about a job

    def totals(self) -> Totals:
        """The job's rows, as far as chunks are done."""
        row = self._query(
            "SELECT coalesce(sum(rows), 0) AS rows, coalesce(sum(accepted), 0) AS accepted,"
            " coalesce(sum(skipped), 0) AS skipped, coalesce(sum(finished), 0) AS finished FROM chunks"
        ).fetchone()
        failed = self._query("SELECT count(*) FROM failures").fetchone()[0]
        return Totals(row["rows"], row["accepted"], row["skipped"], row["finished"], failed)

    def open_chunks(self) -> int:
        """How many chunks are not sent."""
        count: int = self._query("SELECT count(*) FROM chunks WHERE state != 'sent'").fetchone()[0]
        return count

    def failures(self) -> Iterator[tuple[Chunk, list[RowFailure]]]:
        """The rows that were not imported, chunk by chunk."""
        numbers = [row["chunk"] for row in self._query("SELECT DISTINCT chunk FROM failures ORDER BY chunk")]
        for number in numbers:
            chunk = self._query("SELECT chunk FROM chunks WHERE number = ?", (number,)).fetchone()["chunk"]
            rows = self._query("SELECT * FROM failures WHERE chunk = ? ORDER BY position", (number,)).fetchall()
            yield (
                Chunk.model_validate_json(chunk),
                [
                    RowFailure(position=row["position"], place=row["place"], stage=row["stage"], reason=row["reason"])
                    for row in rows
                ],
            )

    def scopes(self) -> list[Scope]:
        """Whose memories the job may have added."""
        rows = self._query("SELECT * FROM scopes ORDER BY user_id, agent_id")
        return [Scope(row["user_id"], row["agent_id"] or None) for row in rows]

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._execute("BEGIN IMMEDIATE")

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: cannot be written: {error}") from None

    _query = _execute


def list_jobs(folder: Path) -> list[str]:
    """The ids of the jobs that have a ledger in a folder, the latest first."""
    found = sorted(folder.glob("*.db"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.stem for path in found]
