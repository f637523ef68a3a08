"""A memory as each route shows it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Any

from modulex_mem0.sandbox.clock import written

Record = dict[str, Any]


def listed(row: sqlite3.Row) -> Record:
    """The shape of ``POST /v3/memories/``: the run is called ``session_id``."""
    return {
        "id": row["id"],
        "memory": row["memory"],
        "user_id": row["user_id"],
        "agent_id": row["agent_id"],
        "app_id": row["app_id"],
        "session_id": row["run_id"],
        "metadata": json.loads(row["metadata"]) if row["metadata"] is not None else None,
        "categories": json.loads(row["categories"]),
        "structured_attributes": _calendar(row["created_at"]),
        "replaced_by": None,
        "synthesized": False,
        "expiration_date": row["expiration_date"],
        "created_at": written(row["created_at"]),
        "updated_at": written(row["updated_at"]),
    }


def by_id(row: sqlite3.Row) -> Record:
    """The shape of ``GET /v1/memories/{id}/``."""
    return {**listed(row), "lifecycle_state": "active"}


def found(row: sqlite3.Row, score: float, breakdown: dict[str, float]) -> Record:
    """The shape of ``POST /v3/memories/search/``: the run is called ``run_id``."""
    return {
        "id": row["id"],
        "memory": row["memory"],
        "user_id": row["user_id"],
        "agent_id": row["agent_id"],
        "app_id": row["app_id"],
        "run_id": row["run_id"],
        "score": score,
        "score_breakdown": breakdown,
        "metadata": json.loads(row["metadata"]) if row["metadata"] is not None else None,
        "categories": json.loads(row["categories"]),
        "created_at": written(row["created_at"]),
        "updated_at": written(row["updated_at"]),
        "expiration_date": row["expiration_date"],
    }


def restricted(record: Record, only: Collection[str] | None) -> Record:
    """The record with the asked-for fields alone; all of them if none were asked for."""
    return {key: value for key, value in record.items() if key in only} if only else record


def _calendar(micros: int) -> dict[str, Any]:
    moment = datetime.fromisoformat(written(micros))
    return {
        "year": moment.year,
        "month": moment.month,
        "day": moment.day,
        "hour": moment.hour,
        "minute": moment.minute,
        "day_of_week": moment.strftime("%A").lower(),
        "day_of_year": moment.timetuple().tm_yday,
        "week_of_year": moment.isocalendar().week,
        "quarter": (moment.month - 1) // 3 + 1,
        "is_weekend": moment.isoweekday() >= 6,
    }
