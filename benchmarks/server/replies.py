"""The replies, made once: what Mem0 sends for a search, a list, an add and a ping, byte for byte."""

import json
from random import Random
from typing import Any
from uuid import UUID

__all__ = ["USER", "canned_replies", "reply_bytes"]

#: The user whom every record belongs to and every contender asks for.
USER = "alice@example.com"

_TEXT = (
    "prefers vegetarian food and cooks twice a week for friends who live nearby likes to travel by train in spring"
    " works as an architect keeps a garden with tomatoes reads about history plays the cello on Sunday mornings"
)
_WORDS = tuple(_TEXT.split())
_CATEGORIES = ("food", "travel", "work", "hobbies", "home")


def canned_replies(records: int) -> dict[bytes, bytes]:
    """Whole HTTP replies by request line without its version, such as `POST /v3/memories/`.

    Args:
        records: How many records a search and a list carry. About 500 bytes each, as Mem0's are.
    """
    random = Random(records)  # noqa: S311 - the same texts in every run
    items = [_record(random) for _ in range(records)]
    search = {"results": [_found(random, item) for item in items]}
    listing = {"count": records, "next": None, "previous": None, "results": [_listed(item) for item in items]}
    added = {"message": "Memory processing has been queued", "status": "PENDING", "event_id": _uuid(random)}
    ping = {"status": "ok", "org_id": "org-1", "project_id": "proj-1", "user_email": USER}
    return {
        b"POST /v3/memories/search/": reply_bytes(search),
        b"POST /v3/memories/": reply_bytes(listing),
        b"POST /v3/memories/add/": reply_bytes(added),
        b"GET /v1/ping/": reply_bytes(ping),
    }


def reply_bytes(body: object, status: bytes = b"200 OK") -> bytes:
    """A JSON value as an HTTP/1.1 reply, with the headers that such services send."""
    content = json.dumps(body, ensure_ascii=False).encode()
    return (
        b"HTTP/1.1 %b\r\nServer: canned\r\nDate: Thu, 01 Oct 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n"
        b"Vary: Accept\r\nAllow: POST, OPTIONS\r\nX-Frame-Options: DENY\r\nReferrer-Policy: same-origin\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (status, len(content), content)
    )


def _record(random: Random) -> dict[str, Any]:
    day = f"2026-{random.randint(1, 9):02}-{random.randint(1, 28):02}"
    return {
        "id": _uuid(random),
        "memory": " ".join(random.choices(_WORDS, k=random.randint(10, 22))).capitalize(),
        "user_id": USER,
        "agent_id": None,
        "app_id": "kitchen",
        "metadata": {"source": "chat", "turn": random.randint(1, 90)},
        "categories": random.sample(_CATEGORIES, 2),
        "created_at": f"{day}T08:30:00.123456-07:00",
        "updated_at": f"{day}T08:30:00.654321-07:00",
        "expiration_date": None,
    }


def _found(random: Random, item: dict[str, Any]) -> dict[str, Any]:
    score = round(random.random(), 6)
    return {**item, "run_id": "run-7", "score": score, "score_breakdown": {"semantic": score, "keyword": 0.0}}


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "session_id": "run-7", "replaced_by": None, "synthesized": False}


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))
