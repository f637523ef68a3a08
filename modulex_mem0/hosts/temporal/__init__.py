"""Our actions and bulk imports on Temporal, and the worker that runs them (extra `temporal`).

Histories hold what workflows pass: the name of a stored credential, never a key, and of a bulk import no message.
A call that fails ends as Temporal expects: what cannot help is not repeated, and a rate limit is waited for.
"""

from modulex_mem0.hosts.extras import imports_extra

with imports_extra("temporal"):
    from modulex_mem0.hosts.temporal.actions import CALL_ACTION, ActionActivities
    from modulex_mem0.hosts.temporal.connection import ConnectionFailedError, connect
    from modulex_mem0.hosts.temporal.import_activities import ImportActivities
    from modulex_mem0.hosts.temporal.import_jobs import (
        ChunkRecord,
        ImportHandle,
        ImportWaitsError,
        TemporalImportError,
        has_workers,
        import_job_id,
        start_import,
        workflow_id,
    )
    from modulex_mem0.hosts.temporal.import_plan import ImportProgress, ImportRequest
    from modulex_mem0.hosts.temporal.import_workflow import ImportWorkflow
    from modulex_mem0.hosts.temporal.worker import TASK_QUEUE, WorkerSettings, run_worker

__all__ = [
    "CALL_ACTION",
    "TASK_QUEUE",
    "ActionActivities",
    "ChunkRecord",
    "ConnectionFailedError",
    "ImportActivities",
    "ImportHandle",
    "ImportProgress",
    "ImportRequest",
    "ImportWaitsError",
    "ImportWorkflow",
    "TemporalImportError",
    "WorkerSettings",
    "connect",
    "has_workers",
    "import_job_id",
    "run_worker",
    "start_import",
    "workflow_id",
]
