"""API keys and the projects that they open."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from modulex_mem0.sandbox.errors import INVALID_KEY, ApiError

ORGANIZATION = "org-sandbox"
_HEADER = re.compile(r"token\s+(\S+)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Project:
    """A walled-off set of memories.

    Attributes:
        id: Identifier that ``/v1/ping/`` tells and the data is kept under.
        email: Address of the pretended owner.
    """

    id: str
    email: str


class Keyring:
    """Knows every accepted key. Keys may be added while the server runs."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._projects: dict[str, Project] = {}
        for key in keys:
            self.add(key)

    def add(self, key: str) -> str:
        """Accept ``KEY`` or ``KEY=project``; returns the bare key."""
        secret, _, name = key.partition("=")
        # Derived, so that a data file is found again after a restart; hashed, so that no id gives a key away.
        identifier = name or hashlib.sha256(secret.encode()).hexdigest()[:16]
        self._projects[secret] = Project(f"proj-{identifier}", f"{identifier}@sandbox.invalid")
        return secret

    def add_fresh(self) -> str:
        """Accept a new random key, which opens an empty project of its own."""
        return self.add(f"m0-{secrets.token_hex(16)}")

    def project(self, authorization: str | None) -> Project:
        """Return the project that an ``Authorization`` header opens.

        Raises:
            ApiError: 401, for a missing header, another scheme than ``Token``, or an unknown key.
        """
        match = _HEADER.fullmatch(authorization or "")
        project = self._projects.get(match.group(1)) if match else None
        if project is None:
            raise ApiError(401, {"detail": INVALID_KEY})
        return project
