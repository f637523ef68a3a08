"""The SQLite database: its connection and thread, its tables, and the functions that SQLite lacks.

Every unit of work is a plain function that takes the connection; it runs alone, in one transaction. So the semantics
are the same in memory and on disk, and no two units can race for a lock. A unit takes well under a millisecond,
except for a search through many thousands of memories.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from modulex_mem0.sandbox.settings import StartError

__all__ = ["DataFileError", "Database", "is_disk_failure"]

P = ParamSpec("P")
T = TypeVar("T")

_APPLICATION = 0x4D3053B0  # marks a data file as the sandbox's, in SQLite's `application_id`
_FORMAT = 3
_MISSING = object()
_DISK_FAILURES = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
    }
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS memories (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    user_id TEXT, agent_id TEXT, app_id TEXT, run_id TEXT,
    memory TEXT NOT NULL,
    metadata TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
    categories TEXT NOT NULL CHECK (json_valid(categories)),
    immutable INTEGER NOT NULL,
    expiration_date TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    event_id TEXT,
    fingerprint TEXT,
    embedded INTEGER NOT NULL DEFAULT 0
);
-- A list or a search for one entity reads its keys, and their order, from the index alone.
CREATE INDEX IF NOT EXISTS memories_by_user ON memories (project, user_id, created_at, pk, expiration_date);
CREATE INDEX IF NOT EXISTS memories_by_agent ON memories (project, agent_id, created_at, pk, expiration_date);
CREATE INDEX IF NOT EXISTS memories_by_app ON memories (project, app_id, created_at, pk, expiration_date);
CREATE INDEX IF NOT EXISTS memories_by_run ON memories (project, run_id, created_at, pk, expiration_date);
CREATE INDEX IF NOT EXISTS memories_by_event ON memories (project, event_id);
CREATE INDEX IF NOT EXISTS memories_by_fingerprint ON memories (project, fingerprint);
CREATE INDEX IF NOT EXISTS memories_without_vector ON memories (project) WHERE embedded = 0;

-- AUTOINCREMENT: a revision is never used twice, also after its vector is deleted.
CREATE TABLE IF NOT EXISTS vectors (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    memory INTEGER NOT NULL UNIQUE,
    project TEXT NOT NULL,
    vector BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS vectors_by_project ON vectors (project, revision);

CREATE VIRTUAL TABLE IF NOT EXISTS memory_words USING fts5(
    memory, content='memories', content_rowid='pk', prefix='2 3',
    tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER IF NOT EXISTS memory_added AFTER INSERT ON memories BEGIN
    INSERT INTO memory_words (rowid, memory) VALUES (new.pk, new.memory);
END;
CREATE TRIGGER IF NOT EXISTS memory_removed AFTER DELETE ON memories BEGIN
    INSERT INTO memory_words (memory_words, rowid, memory) VALUES ('delete', old.pk, old.memory);
    DELETE FROM vectors WHERE memory = old.pk;
END;
CREATE TRIGGER IF NOT EXISTS memory_changed AFTER UPDATE OF memory ON memories BEGIN
    INSERT INTO memory_words (memory_words, rowid, memory) VALUES ('delete', old.pk, old.memory);
    INSERT INTO memory_words (rowid, memory) VALUES (new.pk, new.memory);
    DELETE FROM vectors WHERE memory = old.pk;
    UPDATE memories SET embedded = 0 WHERE pk = old.pk;
END;

CREATE TABLE IF NOT EXISTS history (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project TEXT NOT NULL,
    memory_id TEXT NOT NULL,
    event TEXT NOT NULL,
    input TEXT NOT NULL CHECK (json_valid(input)),
    old_memory TEXT,
    new_memory TEXT NOT NULL,
    user_id TEXT, agent_id TEXT, app_id TEXT, run_id TEXT,
    categories TEXT NOT NULL CHECK (json_valid(categories)),
    metadata TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS history_by_memory ON history (project, memory_id, pk);
CREATE INDEX IF NOT EXISTS history_by_project ON history (project, pk);

CREATE TABLE IF NOT EXISTS events (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    event_type TEXT NOT NULL,
    status TEXT NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    results TEXT NOT NULL CHECK (json_valid(results)),
    error TEXT,
    created_at INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    completed_at INTEGER
);
CREATE INDEX IF NOT EXISTS events_by_project ON events (project, pk);
CREATE INDEX IF NOT EXISTS events_open ON events (ready_at) WHERE status = 'QUEUED';

CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    memory_id TEXT NOT NULL,
    feedback TEXT,
    feedback_reason TEXT,
    created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS exports (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    entities TEXT NOT NULL CHECK (json_valid(entities)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS exports_by_project ON exports (project, pk);
CREATE TABLE IF NOT EXISTS projects (
    project TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    organization TEXT NOT NULL,
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS projects_by_organization ON projects (account, organization);
CREATE TABLE IF NOT EXISTS organizations (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS members (
    account TEXT NOT NULL,
    organization TEXT NOT NULL,
    project TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (account, organization, project, email)
);
CREATE TABLE IF NOT EXISTS entities (
    project TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    metadata TEXT NOT NULL CHECK (json_valid(metadata)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (project, type, name)
);
CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    event_types TEXT NOT NULL CHECK (json_valid(event_types)),
    is_active INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS webhooks_by_project ON webhooks (project);
CREATE TABLE IF NOT EXISTS deliveries (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook TEXT NOT NULL,
    url TEXT NOT NULL,
    event_type TEXT NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    outcome TEXT,
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, due_at);
CREATE TABLE IF NOT EXISTS profile_settings (
    project TEXT PRIMARY KEY,
    settings TEXT NOT NULL CHECK (json_valid(settings))
);
CREATE TABLE IF NOT EXISTS profile_jobs (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    repeat_key TEXT,
    body TEXT NOT NULL CHECK (json_valid(body)),
    UNIQUE (project, repeat_key)
);
CREATE TABLE IF NOT EXISTS profiles (
    project TEXT NOT NULL,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (project, user_id)
);
"""


class DataFileError(StartError):
    """The data file cannot be used; the message says which file and why."""


def is_disk_failure(error: sqlite3.Error) -> bool:
    """Whether the file is at fault, not the statement: the disk is full or failing, or the file is damaged."""
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte names the kind of failure; the rest is detail.
    return isinstance(code, int) and code & 0xFF in _DISK_FAILURES


class Database:
    """One connection on one thread of its own, so that no statement runs on the event loop.

    Other threads reach the connection through `run` alone.

    Attributes:
        after_commit: Called on the event loop after each transaction that changed something.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.after_commit: Callable[[], None] = _nothing
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-sqlite")

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """Open `path`, creating it if needed; `None` keeps everything in memory.

        Raises:
            DataFileError: The file cannot be opened, is damaged, is no database or another application's, or was
                written by another version.
        """
        if path is not None and path.exists() and not path.is_file():
            raise DataFileError(f"{path}: is not a file")
        # Absolute, because SQLite gives some relative names a meaning of their own, such as ":memory:".
        name = ":memory:" if path is None else path.absolute()
        try:
            connection = sqlite3.connect(name, timeout=1, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            raise DataFileError(f"{path}: {error}") from error
        try:
            _check(connection)
            _prepare(connection)
        except (sqlite3.Error, DataFileError) as error:
            connection.close()
            raise DataFileError(f"{path}: {error}") from error
        return cls(connection)

    async def run(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `work(connection, ...)` in a transaction: committed when it returns, rolled back when it raises."""

        def transaction() -> tuple[T, bool]:
            before = self._connection.total_changes
            self._connection.execute("BEGIN")
            try:
                result = work(self._connection, *args, **kwargs)
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite rolls back by itself after some failures, such as a full disk.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            return result, self._connection.total_changes > before

        result, changed = await asyncio.get_running_loop().run_in_executor(self._thread, transaction)
        if changed:
            self.after_commit()
        return result

    def close(self) -> None:
        """Finish the work in progress and close the file."""
        self._thread.shutdown(wait=True)
        self._connection.close()


def _nothing() -> None:
    """Nobody waits for commits."""


def _check(connection: sqlite3.Connection) -> None:
    """Read what the file is, before anything is written to it.

    Raises:
        DataFileError: It is damaged, or not a data file of this version.
        sqlite3.Error: It is not a database, or cannot be read.
    """
    # Held until the process ends, however it ends: a second server on the same file is refused.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if owner != _APPLICATION and (tables or owner or found):
        raise DataFileError("is the database of another application; choose a new file")
    if owner == _APPLICATION and found != _FORMAT:
        raise DataFileError(f"made by another version of the sandbox (format {found}, expected {_FORMAT})")
    fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        # SQLite's text may have several lines.
        raise DataFileError(f"is damaged: {' '.join(fault.split())}")


def _prepare(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    # WAL with NORMAL: a commit survives the death of the process, though not a power cut.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA temp_store = MEMORY")
    functions: list[tuple[str, int, Callable[..., int]]] = [
        ("contains_text", 2, _contains_text),
        ("contains_caseless", 2, _contains_caseless),
        ("metadata_matches", 4, _metadata_matches),
    ]
    for name, count, function in functions:
        connection.create_function(name, count, function, deterministic=True)
    # In one transaction: a process that dies in between leaves an empty file, not one that looks like another's.
    marks = f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_FORMAT};"
    connection.executescript(f"BEGIN; {_SCHEMA} {marks} COMMIT;")


def _contains_text(text: str, part: str) -> int:
    return int(part in text)


def _contains_caseless(text: str, part: str) -> int:
    """Whether `part` occurs in `text` in any case; SQLite's own LIKE ignores the case of ASCII letters only."""
    return int(part.casefold() in text.casefold())


def _metadata_matches(metadata: str | None, operator: str, key: str, wanted: str) -> int:
    """Compare one top-level key of a memory's metadata.

    Args:
        metadata: The memory's metadata as JSON, or `None`.
        operator: `eq`, `ne` (also true if the key is missing) or `contains`.
        key: The key to look at.
        wanted: The value to compare with, as JSON.
    """
    found = _MISSING if metadata is None else json.loads(metadata).get(key, _MISSING)
    value = json.loads(wanted)
    if operator == "contains":
        if isinstance(found, list):
            return int(any(_same_json(member, value) for member in found))
        return int(isinstance(found, str) and isinstance(value, str) and value in found)
    same = found is not _MISSING and _same_json(found, value)
    return int(same if operator == "eq" else not same)


def _same_json(left: Any, right: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Equality of JSON values: 1 equals 1.0, and neither equals true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same_json, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same_json(left[key], right[key]) for key in left)
    return bool(left == right)
