"""``POST /v1/feedback/``."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import fields, memories
from modulex_mem0.sandbox.body import read_object
from modulex_mem0.sandbox.clock import now
from modulex_mem0.sandbox.endpoint import parse_memory_id, route
from modulex_mem0.sandbox.errors import ApiError, field_error
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.service import Service

VERDICTS = ("POSITIVE", "NEGATIVE", "VERY_NEGATIVE")


async def _feedback(request: Request, service: Service, project: Project) -> dict[str, Any]:
    body = await read_object(request)
    memory_id = parse_memory_id(fields.text(body, "memory_id", required=True))
    verdict, reason = fields.text(body, "feedback"), fields.text(body, "feedback_reason")
    if verdict is not None and verdict not in VERDICTS:
        raise field_error("feedback", f'"{verdict}" is not a valid choice.')
    identifier = str(uuid.uuid4())

    def work(connection: sqlite3.Connection) -> None:
        if memories.find(connection, project.id, memory_id) is None:
            raise ApiError(400, {"error": f"Memory not found: {memory_id}"})
        connection.execute(
            "INSERT INTO feedback (id, project, memory_id, feedback, feedback_reason, created_at) VALUES (?,?,?,?,?,?)",
            (identifier, project.id, memory_id, verdict, reason, now()),
        )

    await service.read(work)
    return {"id": identifier, "feedback": verdict, "feedback_reason": reason}


ROUTES = [route("POST", "/v1/feedback/", _feedback)]
