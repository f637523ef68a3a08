"""The record of recent calls, in SQLite: when, what, how long, outcome; with inputs if the operator wants them."""

import json
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["Run", "RunLog"]

logger = logging.getLogger(__name__)

_KEPT = 10_000
_DELAY = 0.5  # seconds
_MAX_INPUT = 20_000  # characters of an input that are kept
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, integration TEXT NOT NULL, action TEXT NOT NULL,
    duration_ms REAL NOT NULL, outcome TEXT NOT NULL, credential TEXT, source TEXT NOT NULL, input TEXT
)
"""
_INSERT = """
INSERT INTO runs (started_at, integration, action, duration_ms, outcome, credential, source, input)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One call.

    Attributes:
        integration: Its name.
        action: Its name.
        started: By `time.time()`.
        seconds: How long it took.
        outcome: `success`, `cancelled` or the error's code.
        credential: The name of the stored credential that was used.
        source: `rest`, `page` or `mcp`.
        input: The parameters.
    """

    integration: str
    action: str
    started: float
    seconds: float
    outcome: str
    credential: str | None
    source: str
    input: Mapping[str, Any]


class RunLog:
    """Writes calls from a thread of its own, so that no call waits for the disk, and reads the recent ones.

    Calls are written half a second late, together: to wake a thread for each would cost more than the rest. If the file
    cannot be used, calls are kept in memory until the server ends, and the log says so.

    Args:
        directory: Where the file is kept.
        record_inputs: Whether inputs are kept.
    """

    def __init__(self, directory: Path, *, record_inputs: bool) -> None:
        self._record_inputs = record_inputs
        self._waiting: deque[Run] = deque()
        self._pending = threading.Event()
        self._hurry = threading.Event()
        self._closing = False
        # Held while calls are being written.
        self._writing = threading.Lock()
        self._database = _open(directory / "runs.sqlite")
        self._thread = threading.Thread(target=self._write_in_time, name="modulex-mem0 runs", daemon=True)
        self._thread.start()

    def add(self, run: Run) -> None:
        """Record a call."""
        self._waiting.append(run)
        if not self._pending.is_set():
            self._pending.set()

    def recent(self, limit: int, *, integration: str | None = None, before: int | None = None) -> list[dict[str, Any]]:
        """The latest calls, the last one first; every call that was added before is among them.

        Args:
            limit: At most so many.
            integration: Only its calls.
            before: Only those before the one of this id.
        """
        self._write()
        rows = self._database.execute(
            "SELECT id, started_at, integration, action, duration_ms, outcome, credential, source, input FROM runs"
            " WHERE id < ? AND (? IS NULL OR integration = ?) ORDER BY id DESC LIMIT ?",
            (before if before is not None else 2**62, integration, integration, limit),
        )
        runs = [dict(zip([column[0] for column in rows.description], row, strict=True)) for row in rows]
        for run in runs:
            run["input"] = json.loads(run["input"]) if run["input"] else None
        return runs

    def close(self) -> None:
        """Write what is waiting and close the file."""
        self._closing = True
        self._hurry.set()
        self._pending.set()
        self._thread.join(10)
        self._write()
        self._database.close()

    def _write_in_time(self) -> None:
        while not self._closing:
            self._pending.wait()
            self._hurry.wait(_DELAY)
            self._pending.clear()
            self._write()

    def _write(self) -> None:
        """Write the calls that are waiting; when it returns, they have been written."""
        with self._writing:
            rows = [self._row(self._waiting.popleft()) for _ in range(len(self._waiting))]
            if not rows:
                return
            try:
                with self._database:
                    self._database.executemany(_INSERT, rows)
                    self._database.execute("DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ?", (_KEPT,))
            except sqlite3.Error as error:
                logger.warning("%d runs were not recorded: %s", len(rows), error)

    def _row(self, run: Run) -> tuple[Any, ...]:
        started = datetime.fromtimestamp(run.started, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        kept = json.dumps(run.input) if self._record_inputs else None
        if kept is not None and len(kept) > _MAX_INPUT:
            kept = json.dumps({"omitted": f"{len(kept)} characters"})
        return (
            started, run.integration, run.action, round(run.seconds * 1000, 1), run.outcome, run.credential, run.source,
            kept,
        )  # fmt: skip


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(0o600)
        database = sqlite3.connect(path, check_same_thread=False, timeout=5)
        try:
            # A file that another process holds, or that is no database, shows itself here.
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(_SCHEMA)
            with closing(database.execute("SELECT count(*) FROM runs")):
                return database
        except sqlite3.Error:
            database.close()
            raise
    except (OSError, sqlite3.Error) as error:
        logger.warning("runs are kept in memory only: %s cannot be used: %s", path, error)
        database = sqlite3.connect(":memory:", check_same_thread=False)
        database.execute(_SCHEMA)
        return database
