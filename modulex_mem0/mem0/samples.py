"""The values that the actions' examples share."""

from typing import Any

__all__ = ["EVENT_ID", "MEMORY", "MEMORY_ID", "USER"]

USER = "alice"
MEMORY_ID = "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"
EVENT_ID = "2c4d1f44-4f7b-4b2f-9f6e-7b5b4f5a1234"
MEMORY: dict[str, Any] = {
    "id": MEMORY_ID,
    "memory": "User is a vegetarian",
    "user_id": USER,
    "agent_id": None,
    "app_id": None,
    "run_id": None,
    "hash": None,
    "metadata": None,
    "categories": ["food"],
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:00Z",
}
