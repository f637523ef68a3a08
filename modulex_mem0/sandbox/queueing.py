"""Putting work into the queue on behalf of a request."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import events
from modulex_mem0.sandbox.faults.middleware import RULE_KEY
from modulex_mem0.sandbox.faults.rules import FaultRule
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.service import Service


async def queue(request: Request, service: Service, project: Project, event_type: str, payload: dict[str, Any]) -> str:
    """Queue work under the usual delay, or as a fault says, and return the event's id."""
    rule = request.scope.get(RULE_KEY)
    delay, error = service.settings.delay, None
    if isinstance(rule, FaultRule):
        delay = delay if rule.event_delay is None else rule.event_delay
        error = rule.event_error
    event_id = await service.read(events.enqueue, project.id, event_type, payload, delay=delay, error=error)
    await service.after_delay(event_id, delay)
    return event_id
