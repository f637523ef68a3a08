"""The operations of the API, one file a subject.

A subject's file has its handlers, the work of its jobs, and the statements for tables that only it uses. It exports
its operations as `ROUTES` and, if it queues jobs, `JOBS`: the work for each type of event. To add a subject, write its
file and name it here.
"""

from modulex_mem0.sandbox.routes import (
    add,
    batch,
    deprecated,
    entities,
    events,
    exports,
    feedback,
    health,
    members,
    memories,
    organizations,
    profiles,
    projects,
    search,
    stats,
    summary,
    webhooks,
)

__all__ = ["JOBS", "ROUTES"]

_SUBJECTS = (
    health,
    add,
    search,
    memories,
    batch,
    events,
    entities,
    feedback,
    exports,
    summary,
    stats,
    deprecated,
    organizations,
    members,
    projects,
    webhooks,
    profiles,
)

ROUTES = [route for subject in _SUBJECTS for route in subject.ROUTES]
JOBS = {**add.JOBS, **memories.JOBS, **entities.JOBS}
