"""Bulk import: years of conversations from a file or a URL, sent once, whatever breaks on the way.

The core knows no engine. `open_source` and `Source.index` cut a source into chunks; `send_chunk` sends one of them, and
may be called again for it after any break, in another process too; `follow_chunk` waits until what was accepted is
done. A `Chunk` and a `ChunkResult` hold no message and no key, so that an engine may keep them in its history.
`ImportJob` runs all of it on one machine, with its progress in a ledger.
"""

from modulex_mem0.bulk_import.chunks import (
    CHUNK_ROWS,
    Chunk,
    ChunkRows,
    SeenKeys,
    Source,
    SourceChangedError,
    TemporaryKeys,
    open_source,
)
from modulex_mem0.bulk_import.destination import (
    CallFailedError,
    Destination,
    DestinationUnavailableError,
    ImportStoppedError,
    Scope,
    chunk_tag,
)
from modulex_mem0.bulk_import.job import (
    ImportJob,
    JobStatus,
    count_job,
    failed_rows,
    find_job,
    import_folder,
    job_status,
    undo_job,
)
from modulex_mem0.bulk_import.ledger import JobLockedError, JobRecord, Ledger, LedgerError, Totals, list_jobs
from modulex_mem0.bulk_import.location import SourceError
from modulex_mem0.bulk_import.options import FORMATS, ImportOptions
from modulex_mem0.bulk_import.rate import Rate
from modulex_mem0.bulk_import.results import ChunkResult, ProgressListener, RowFailure, follow_chunk
from modulex_mem0.bulk_import.rows import InvalidRow, Row, row_key
from modulex_mem0.bulk_import.sender import scopes_of, send_chunk

__all__ = [
    "CHUNK_ROWS",
    "FORMATS",
    "CallFailedError",
    "Chunk",
    "ChunkResult",
    "ChunkRows",
    "Destination",
    "DestinationUnavailableError",
    "ImportJob",
    "ImportOptions",
    "ImportStoppedError",
    "InvalidRow",
    "JobLockedError",
    "JobRecord",
    "JobStatus",
    "Ledger",
    "LedgerError",
    "ProgressListener",
    "Rate",
    "Row",
    "RowFailure",
    "Scope",
    "SeenKeys",
    "Source",
    "SourceChangedError",
    "SourceError",
    "TemporaryKeys",
    "Totals",
    "chunk_tag",
    "count_job",
    "failed_rows",
    "find_job",
    "follow_chunk",
    "import_folder",
    "job_status",
    "list_jobs",
    "open_source",
    "row_key",
    "scopes_of",
    "send_chunk",
    "undo_job",
]
