"""`GET /v1/stats/`: how much a project holds and how often it was used."""

import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.routes.endpoint import Backend, route

__all__ = ["ROUTES"]

_LIMIT = 1_000_000  # searches; nothing here is limited, and the document has no value for that


async def _get(_request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    return await backend.run(_count, project.id)


def _count(connection: sqlite3.Connection, project: str) -> dict[str, Any]:
    total, users, agents, runs = connection.execute(
        "SELECT count(*), count(DISTINCT user_id), count(DISTINCT agent_id), count(DISTINCT run_id)"
        " FROM memories WHERE project = ?",
        (project,),
    ).fetchone()
    events = dict.fromkeys(("ADD", "SEARCH"), 0)
    rows = connection.execute("SELECT event_type, count(*) FROM events WHERE project = ? GROUP BY 1", (project,))
    events.update(map(tuple, rows))
    return {
        "total_memories": total,
        "total_retrieval_events": events["SEARCH"],
        "total_add_events": events["ADD"],
        "total_api_retrieval_events": events["SEARCH"],
        "total_retrieval_events_limit": _LIMIT,
        "total_users_with_memories": users,
        "total_agents_with_memories": agents,
        "total_runs_with_memories": runs,
        "memories_per_user": round(total / users) if users else 0,
        "memories_per_agent": round(total / agents) if agents else 0,
        "memories_per_run": round(total / runs) if runs else 0,
    }


ROUTES = [route("GET", "/v1/stats/", _get)]
