"""Mem0 keeps the contract and withstands every probe."""

from pathlib import Path
from typing import Any

from modulex_mem0.conformance import ConformanceSuite, Request, ServiceFixture

DATA = Path(__file__).parent / "data"
MEMORY_ID = "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"
EVENT_ID = "2c4d1f44-4f7b-4b2f-9f6e-7b5b4f5a1234"
MEMORY = {
    "id": MEMORY_ID,
    "memory": "User is a vegetarian",
    "user_id": "alice",
    "agent_id": None,
    "app_id": None,
    "run_id": None,
    "hash": None,
    "metadata": {"source": "chat"},
    "categories": ["food"],
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:00Z",
}
EVENT = {
    "id": EVENT_ID,
    "event_type": "ADD",
    "status": "SUCCEEDED",
    "payload": {"user_id": "alice"},
    "results": [{"id": MEMORY_ID, "event": "ADD", "data": {"memory": "User is a vegetarian"}}],
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:01Z",
}
LIST = {"count": 1, "next": None, "previous": None, "results": [MEMORY]}
ENTITY = {"id": "1", "name": "alice", "type": "user", "owner": "me", "metadata": {}, "created_at": "2026-01-15"}
HISTORY = {
    "id": "1",
    "memory_id": MEMORY_ID,
    "user_id": "alice",
    "event": "ADD",
    "old_memory": None,
    "new_memory": "User is a vegetarian",
    "input": [{"role": "user", "content": "I am a vegetarian."}],
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:00Z",
}
ACCEPTED = {"message": "accepted", "status": "PENDING", "event_id": EVENT_ID}


def _read_then_changed(request: Request) -> Any:
    """An action by id reads the memory before it changes it."""
    return MEMORY if request.method == "GET" else {"message": "done", **MEMORY}


REPLIES: dict[str, Any] = {
    "add_memories": ACCEPTED,
    "search_memories": {"results": [{**MEMORY, "score": 0.8}]},
    "get_memories": LIST,
    "get_memory": MEMORY,
    "get_event": EVENT,
    "update_memory": _read_then_changed,
    "delete_memory": _read_then_changed,
    "delete_memories": {"message": "Delete in progress.", "event_id": EVENT_ID},
    "batch_update_memories": _read_then_changed,
    "batch_delete_memories": _read_then_changed,
    "get_memory_history": lambda request: [HISTORY] if "history" in request.path else MEMORY,
    "submit_feedback": lambda request: MEMORY if request.method == "GET" else {"id": "1", "feedback": "POSITIVE"},
    "summarize_memories": {"summary": "A vegetarian."},
    "create_memory_export": {"message": "accepted", "id": "550e8400-e29b-41d4-a716-446655440000"},
    "get_memory_export": {"name": "Alice"},
    "list_entities": {"count": 1, "next": None, "previous": None, "results": [ENTITY], "total_users": 1},
    "delete_entity": {"message": "Entity deleted."},
    "list_events": {"count": 1, "next": None, "previous": None, "results": [EVENT]},
    "check_connection": {"status": "ok", "org_id": "org-1", "project_id": "proj-1", "user_email": "dev@example.com"},
}


class TestMem0(ConformanceSuite):
    integration = "mem0"
    service = ServiceFixture(replies=REPLIES, owner="user_id")
