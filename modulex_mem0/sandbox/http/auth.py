"""API keys and the projects that they open."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from modulex_mem0.sandbox.http.errors import ApiError

__all__ = ["ORGANIZATION", "Keyring", "Project"]

ORGANIZATION = "org-sandbox"
_INVALID_KEY = "Invalid API key. You can find your API key on https://app.mem0.ai/dashboard/api-keys."
_HEADER = re.compile(r"token\s+(\S+)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Project:
    """An isolated set of memories.

    Attributes:
        id: Identifier, under which the data is stored; `/v1/ping/` reports it.
        email: Address of the project's fictitious owner.
    """

    id: str
    email: str


class Keyring:
    """The accepted API keys. Keys may be added while the server runs."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._projects: dict[str, Project] = {}
        for key in keys:
            self.add(key)

    def add(self, key: str) -> str:
        """Accept `KEY` or `KEY=project`; returns the key without the project."""
        secret, _, name = key.partition("=")
        # Derived, so that a data file is found again after a restart; hashed, so that no id reveals a key.
        identifier = name or hashlib.sha256(secret.encode()).hexdigest()[:16]
        self._projects[secret] = Project(f"proj-{identifier}", f"{identifier}@sandbox.invalid")
        return secret

    def add_fresh(self) -> str:
        """Accept a new random key, which opens an empty project."""
        return self.add(f"m0-{secrets.token_hex(16)}")

    def masked(self, text: str, mask: str) -> str:
        """The text with every accepted key replaced, also as JSON and addresses spell it."""
        # The longest first: a key may be the beginning of another.
        for secret in sorted(self._projects, key=len, reverse=True):
            for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe="")):
                text = text.replace(form, mask)
        return text

    def project(self, authorization: str | None) -> Project:
        """Return the project that an `Authorization` header opens.

        Raises:
            ApiError: 401 for a missing header, a scheme other than `Token`, or an unknown key.
        """
        match = _HEADER.fullmatch(authorization or "")
        project = self._projects.get(match.group(1)) if match else None
        if project is None:
            raise ApiError(401, {"detail": _INVALID_KEY})
        return project
