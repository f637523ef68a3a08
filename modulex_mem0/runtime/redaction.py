"""Keeps the secrets of one call out of what leaves it.

Masking happens once, where foreign text enters: in the bytes of a reply and in the text of an error. The secrets are
those of the call's own credential; there is no process-wide list.
"""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import SecretStr

__all__ = ["MASK", "Redactor"]

MASK = "**********"

# Shorter values stand in ordinary text by chance; masking them would garble it and betray them.
_SHORTEST = 4
# An ASCII character written as a JSON escape: the one way in which a secret can hide from a search of the bytes.
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]", re.IGNORECASE)


class Redactor:
    """Masks the given secrets."""

    __slots__ = ("_bytes", "_texts")

    def __init__(self, secrets: Iterable[SecretStr]) -> None:
        self._texts = [s.get_secret_value() for s in secrets if len(s.get_secret_value()) >= _SHORTEST]
        self._bytes = [text.encode() for text in self._texts]

    def __repr__(self) -> str:
        return "<Redactor>"

    def text(self, value: str) -> str:
        """The text without the secrets."""
        for secret in self._texts:
            value = value.replace(secret, MASK)
        return value

    def body(self, value: bytes) -> bytes:
        """The bytes of a reply without the secrets."""
        for secret in self._bytes:
            if secret in value:
                value = value.replace(secret, MASK.encode())
        return value

    def hides_in(self, body: bytes) -> bool:
        """Whether a secret could be spelt with JSON escapes in the body, so that its values need `values` too."""
        return bool(self._texts) and b"\\" in body and _ESCAPED_ASCII.search(body) is not None

    def values(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """A JSON value with the secrets masked in every string."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.values(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self.values(item) for name, item in value.items()}
        return value
