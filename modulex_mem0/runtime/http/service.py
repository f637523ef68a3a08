"""A service with a caller's credential: all that the HTTP client knows of either."""

from collections.abc import Mapping
from dataclasses import dataclass

from modulex_mem0.runtime.redaction import Redactor

__all__ = ["Service"]


@dataclass(frozen=True, slots=True, repr=False)
class Service:
    """Where requests go, and what is sent with each.

    Attributes:
        base_url: Put before the path of every request.
        headers: Secrets included.
        redactor: Masks the credential's secrets in what comes back.
    """

    base_url: str
    headers: Mapping[str, str]
    redactor: Redactor
