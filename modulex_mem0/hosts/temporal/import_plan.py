"""What a bulk import passes between its workflow, its activities and its starter. All of it lands in histories.

There is no message and no key in it: a path or URL, offsets, digests, counts, ids of events, and the name of a stored
credential. Chunks travel as the JSON of `bulk_import.Chunk`, so that every client's data converter takes them.
"""

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "BEGIN",
    "CHUNK_TASK_QUEUE_SUFFIX",
    "FOLLOW_CHUNK",
    "IMPORT_WORKFLOW",
    "INDEX_CHUNKS",
    "SEND_CHUNK",
    "Beginning",
    "ChunkJson",
    "ChunkOutcome",
    "ChunkPage",
    "ChunkTask",
    "FailedRow",
    "ImportProgress",
    "ImportRequest",
]

IMPORT_WORKFLOW = "modulex_import"
BEGIN, INDEX_CHUNKS = "modulex_import_begin", "modulex_import_index"
SEND_CHUNK, FOLLOW_CHUNK = "modulex_import_send", "modulex_import_follow"

#: Chunks have a task queue of their own, from which a worker takes no more than it can send at once.
CHUNK_TASK_QUEUE_SUFFIX = "-chunks"

ChunkJson = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import.

    Attributes:
        job: The import's id, a part of the tags of its rows.
        source: A path that leads to the same file on every worker, or a URL.
        fingerprint: Of the source's content.
        options: The JSON of `bulk_import.ImportOptions`.
        integration: The destination.
        credential_name: A credential that is stored on the workers; None for their default one or environment.
        rate: The most requests a second of the whole import.
        task_queue: Of the workers.
        window: The most chunks that are sent at once.
        following: The most chunks that are sent or wait for their events at once.
        chunk_rows: Rows in a chunk.
        page: Chunks that the index is asked for at a time.
        pages: After so many pages, the workflow continues as new.
        heartbeat: Seconds after which a silent worker counts as dead.
    """

    job: str
    source: str
    fingerprint: str
    options: dict[str, Any] = field(default_factory=dict)
    integration: str = "mem0"
    credential_name: str | None = None
    rate: float | None = None
    task_queue: str
    window: int = 32
    following: int = 200
    chunk_rows: int = 500
    page: int = 50
    pages: int = 4
    heartbeat: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What was found when an import began.

    Attributes:
        account: A digest of the account and project that the credential leads to.
        again: Whether an earlier run has sent some of it.
    """

    account: str
    again: bool


@dataclass(frozen=True, kw_only=True)
class ChunkPage:
    """A part of the index.

    Attributes:
        chunks: The next chunks.
        is_last: Whether the source ends with them.
        workers: How many workers send chunks at present.
    """

    chunks: list[ChunkJson]
    is_last: bool
    workers: int


@dataclass(frozen=True, kw_only=True)
class ChunkTask:
    """A chunk that is to be sent.

    Attributes:
        chunk: The chunk.
        account: Where the import began; a worker whose credential leads elsewhere sends nothing.
        again: Whether the chunk may have been begun before; it is so for every attempt but the first.
        since: When it was first begun, in seconds since 1970, if that is known.
        share: The most requests a second.
    """

    chunk: ChunkJson
    account: str
    again: bool
    since: float | None
    share: float | None


@dataclass(frozen=True, kw_only=True)
class FailedRow:
    """A row that was not imported: its position in its chunk, where it failed, and the error code, but no text."""

    position: int
    stage: str
    code: str | None = None


@dataclass(kw_only=True)
class ChunkOutcome:
    """What became of a chunk, as `bulk_import.ChunkResult`, but without texts and users.

    Attributes:
        accepted: Rows that the service has taken, now or earlier.
        found: How many of them were there already.
        skipped: Rows that repeat an earlier one.
        finished: Accepted rows that have been worked off.
        failures: Rows that were not imported. Invalid ones are not listed: the source has them.
        invalid: How many rows cannot be sent.
        pending: Ids of events that have not ended, with the row's position.
    """

    accepted: int = 0
    found: int = 0
    skipped: int = 0
    finished: int = 0
    failures: list[FailedRow] = field(default_factory=list)
    invalid: int = 0
    pending: dict[str, int] = field(default_factory=dict)


@dataclass(kw_only=True)
class ImportProgress:
    """How far an import is. It is the workflow's state too, which it carries on when it continues as new.

    Attributes:
        rows: Read so far.
        accepted: Taken by the service.
        found: How many of these were there already when a chunk was tried again.
        skipped: Repeat an earlier row of the source.
        finished: Accepted, and worked off since.
        failed: Not imported.
        chunks: Sent, and worked off.
        sending: Chunks that are being sent, or wait for a worker.
        is_indexed: Whether the source has been read to its end.
        stopped: Why nothing goes on until somebody changes something; None while all is well.
        account: See `Beginning`.
        again: Whether an import that was ended earlier may have sent any of it.
        since: When it was first begun, in seconds since 1970; None if that is not known. Earlier events are not read.
        after: The last chunk of the pages that are done.
    """

    rows: int = 0
    accepted: int = 0
    found: int = 0
    skipped: int = 0
    finished: int = 0
    failed: int = 0
    chunks: int = 0
    sending: int = 0
    is_indexed: bool = False
    stopped: str | None = None
    account: str | None = None
    again: bool = False
    since: float | None = None
    after: ChunkJson | None = None
