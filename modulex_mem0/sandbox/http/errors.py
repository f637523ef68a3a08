"""Errors in the shapes that Mem0 gives them."""

from typing import Any

__all__ = ["NO_ENTITY", "ApiError", "field_error", "invalid_filters", "memory_not_found"]

NO_ENTITY = "One of the filters: app_id, user_id, agent_id, run_id is required!"


class ApiError(Exception):
    """A request that is answered with an error.

    Attributes:
        status: HTTP status.
        body: JSON body, worded as Mem0 words it.
    """

    def __init__(self, status: int, body: dict[str, Any] | list[Any]) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def field_error(field: str, message: str) -> ApiError:
    """A 400 in the shape `{"field": ["message"]}`."""
    return ApiError(400, {field: [message]})


def invalid_filters(message: str) -> ApiError:
    """A 400 in the shape `{"error": ..., "details": {"message": ...}}`."""
    return ApiError(400, {"error": "Invalid filters", "details": {"message": message}})


def memory_not_found() -> ApiError:
    """The 404 of every route that takes a memory's id."""
    return ApiError(404, {"error": "Memory not found!"})
