"""What every contender is given: the same address, the same limits, the same question."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.server.replies import USER

__all__ = ["CONNECTIONS", "KEEPALIVE", "KEY", "Call", "Target"]

KEY = "m0-0123456789abcdefghijklmnopqrstuvwxyz"
#: Connections that may be open at once. All of them may be kept: some pools know no other limit.
CONNECTIONS = 100
#: Seconds that an idle connection is kept.
KEEPALIVE = 4.0
_TIMEOUT = 30.0

#: Makes one call, decodes the reply to Python objects, and tells how many records it held.
Call = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send, and how much to ask for.

    Attributes:
        base_url: Without a trailing slash.
        records: How many records a reply holds.
    """

    base_url: str
    records: int

    @property
    def search_url(self) -> str:
        """The whole address of a search."""
        return f"{self.base_url}/v3/memories/search/"

    def body(self) -> dict[str, Any]:
        """The body of a search, made anew for each call."""
        return {"query": "What may I cook for Alice?", "filters": {"user_id": USER}, "top_k": self.records}

    def headers(self) -> dict[str, str]:
        """What a caller by hand sends with each request."""
        return {"Authorization": f"Token {KEY}", "Accept": "application/json"}

    def limits(self) -> httpx.Limits:
        """The limits, as httpx takes them."""
        return httpx.Limits(
            max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=KEEPALIVE
        )

    def timeout(self) -> httpx.Timeout:
        """The time limits, as httpx takes them."""
        return httpx.Timeout(_TIMEOUT, connect=5.0)
