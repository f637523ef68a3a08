"""Our actions as Temporal activities, and the worker that runs them (extra `temporal`).

Histories hold what workflows pass: the name of a stored credential, never a key. A call that fails ends as Temporal
expects: what cannot help is not repeated, and a rate limit is waited for.
"""

from modulex_mem0.hosts.temporal.actions import CALL_ACTION, ActionActivities
from modulex_mem0.hosts.temporal.connection import ConnectionFailedError, connect
from modulex_mem0.hosts.temporal.worker import TASK_QUEUE, WorkerSettings, run_worker

__all__ = [
    "CALL_ACTION",
    "TASK_QUEUE",
    "ActionActivities",
    "ConnectionFailedError",
    "WorkerSettings",
    "connect",
    "run_worker",
]
