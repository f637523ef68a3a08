"""`POST /v1/feedback/`: a verdict on a memory, which is stored and has no effect."""

import sqlite3
import uuid
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.clock import now
from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError, field_error
from modulex_mem0.sandbox.http.requests import parse_memory_id, read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.store import memories

__all__ = ["ROUTES"]

_VERDICTS = ("POSITIVE", "NEGATIVE", "VERY_NEGATIVE")


async def _create(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    body = await read_body(request)
    memory_id = parse_memory_id(body.text("memory_id", required=True))
    verdict, reason = body.text("feedback"), body.text("feedback_reason")
    if verdict is not None and verdict not in _VERDICTS:
        raise field_error("feedback", f'"{verdict}" is not a valid choice.')
    identifier = str(uuid.uuid4())

    def work(connection: sqlite3.Connection) -> None:
        if memories.find(connection, project.id, memory_id) is None:
            raise ApiError(400, {"error": f"Memory not found: {memory_id}"})
        connection.execute(
            "INSERT INTO feedback (id, project, memory_id, feedback, feedback_reason, created_at) VALUES (?,?,?,?,?,?)",
            (identifier, project.id, memory_id, verdict, reason, now()),
        )

    await backend.run(work)
    return {"id": identifier, "feedback": verdict, "feedback_reason": reason}


ROUTES = [route("POST", "/v1/feedback/", _create)]
