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

__all__ = ["DataFileError", "Database"]

P = ParamSpec("P")
T = TypeVar("T")

_FORMAT = 1
_MISSING = object()

_SCHEMA = """
CREATE TABLE IF NOT EXISTS memories (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    user_id TEXT, agent_id TEXT, app_id TEXT, run_id TEXT,
    memory TEXT NOT NULL,
    metadata TEXT,
    categories TEXT NOT NULL,
    immutable INTEGER NOT NULL,
    expiration_date TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    event_id TEXT,
    fingerprint TEXT,
    vector BLOB,
    vector_revision INTEGER
);
CREATE INDEX IF NOT EXISTS memories_by_user ON memories (project, user_id, created_at);
CREATE INDEX IF NOT EXISTS memories_by_agent ON memories (project, agent_id, created_at);
CREATE INDEX IF NOT EXISTS memories_by_app ON memories (project, app_id, created_at);
CREATE INDEX IF NOT EXISTS memories_by_run ON memories (project, run_id, created_at);
CREATE INDEX IF NOT EXISTS memories_by_event ON memories (project, event_id);
CREATE INDEX IF NOT EXISTS memories_by_fingerprint ON memories (project, fingerprint);
CREATE INDEX IF NOT EXISTS memories_by_vector ON memories (project, vector_revision);
CREATE INDEX IF NOT EXISTS memories_newest_vector ON memories (vector_revision);
CREATE INDEX IF NOT EXISTS memories_without_vector ON memories (project) WHERE vector_revision IS NULL;

CREATE VIRTUAL TABLE IF NOT EXISTS memory_words USING fts5(
    memory, content='memories', content_rowid='pk', prefix='2 3',
    tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER IF NOT EXISTS words_added AFTER INSERT ON memories BEGIN
    INSERT INTO memory_words (rowid, memory) VALUES (new.pk, new.memory);
END;
CREATE TRIGGER IF NOT EXISTS words_removed AFTER DELETE ON memories BEGIN
    INSERT INTO memory_words (memory_words, rowid, memory) VALUES ('delete', old.pk, old.memory);
END;
CREATE TRIGGER IF NOT EXISTS words_changed AFTER UPDATE OF memory ON memories BEGIN
    INSERT INTO memory_words (memory_words, rowid, memory) VALUES ('delete', old.pk, old.memory);
    INSERT INTO memory_words (rowid, memory) VALUES (new.pk, new.memory);
END;

CREATE TABLE IF NOT EXISTS history (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project TEXT NOT NULL,
    memory_id TEXT NOT NULL,
    event TEXT NOT NULL,
    input TEXT NOT NULL,
    old_memory TEXT,
    new_memory TEXT NOT NULL,
    user_id TEXT, agent_id TEXT, app_id TEXT, run_id TEXT,
    categories TEXT NOT NULL,
    metadata TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS history_by_memory ON history (project, memory_id, pk);

CREATE TABLE IF NOT EXISTS events (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    event_type TEXT NOT NULL,
    status TEXT NOT NULL,
    payload TEXT NOT NULL,
    results TEXT NOT NULL,
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
    entities TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS exports_by_project ON exports (project, pk);
CREATE TABLE IF NOT EXISTS projects (
    project TEXT PRIMARY KEY,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
"""


class DataFileError(StartError):
    """The data file cannot be used; the message says which file and why."""


class Database:
    """One connection on one thread of its own, so that no statement runs on the event loop.

    Other threads reach the connection through `run` alone.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-sqlite")

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """Open `path`, creating it if needed; `None` keeps everything in memory.

        Raises:
            DataFileError: The file cannot be opened, is not a database, or was written by another version.
        """
        try:
            connection = sqlite3.connect(path or ":memory:", timeout=1, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            raise DataFileError(f"{path}: {error}") from error
        try:
            _prepare(connection)
        except (sqlite3.Error, DataFileError) as error:
            connection.close()
            raise DataFileError(f"{path}: {error}") from error
        return cls(connection)

    async def run(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `work(connection, ...)` in a transaction: committed when it returns, rolled back when it raises."""

        def transaction() -> T:
            self._connection.execute("BEGIN")
            try:
                result = work(self._connection, *args, **kwargs)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            return result

        return await asyncio.get_running_loop().run_in_executor(self._thread, transaction)

    def close(self) -> None:
        """Finish the work in progress and close the file."""
        self._thread.shutdown(wait=True)
        self._connection.close()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    # Held until the process ends, however it ends: a second server on the same file is refused.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    # WAL with NORMAL: a commit survives the death of the process, though not a power cut.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA temp_store = MEMORY")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found not in {0, _FORMAT}:
        raise DataFileError(f"made by another version of the sandbox (format {found}, expected {_FORMAT})")
    functions: list[tuple[str, int, Callable[..., int]]] = [
        ("contains_text", 2, _contains_text),
        ("contains_caseless", 2, _contains_caseless),
        ("metadata_matches", 4, _metadata_matches),
    ]
    for name, count, function in functions:
        connection.create_function(name, count, function, deterministic=True)
    connection.executescript(_SCHEMA)
    connection.execute(f"PRAGMA user_version = {_FORMAT}")


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
