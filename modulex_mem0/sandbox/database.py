"""One SQLite connection on one thread of its own, so that no statement runs on the event loop.

Every unit of work is a plain function that takes the connection; it runs alone, in one transaction. That makes the
semantics the same in memory and on disk, leaves no lock to lose a race for, and costs little: a unit takes well
under a millisecond, except for a search through many thousands of memories.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from modulex_mem0.sandbox.schema import SCHEMA
from modulex_mem0.sandbox.sql_functions import install

P = ParamSpec("P")
T = TypeVar("T")

_FORMAT = 1


class DataFileError(Exception):
    """The data file cannot be used; the message says which file and why."""


class Database:
    """A connection that outside threads reach through ``run`` alone."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-sqlite")

    @classmethod
    def open(cls, path: Path | None) -> Database:
        """Open ``path``, making it if need be; ``None`` keeps everything in memory.

        Raises:
            DataFileError: The file cannot be opened, is something else, or was made by another version.
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
        """Do ``work(connection, ...)`` in a transaction: committed when it returns, undone when it raises."""

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
        """Finish the work at hand and close the file."""
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
    install(connection)
    connection.executescript(SCHEMA)
    connection.execute(f"PRAGMA user_version = {_FORMAT}")
