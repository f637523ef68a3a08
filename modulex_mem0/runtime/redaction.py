"""Keeps the secrets of one call out of what leaves it.

Masking happens once, where foreign text enters: in the bytes and headers of a reply and in the text of an error. The
secrets are those of the call's own credential; there is no process-wide list.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

__all__ = ["MASK", "Redactor"]

MASK = "**********"

_MASK = MASK.encode()

# Shorter values stand in ordinary text by chance; masking them would garble it and betray them.
_SHORTEST = 4
# An ASCII character written as a JSON escape: how a secret can hide from a search of the bytes.
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]", re.IGNORECASE)
# Text that is the same in a URL and in JSON.
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
# What JSON must escape, and what it may escape with a backslash alone.
_QUOTED = frozenset('"\\')
_QUOTABLE = _QUOTED | {"/"}


class Redactor:
    """Masks the given secrets."""

    __slots__ = ("_bytes", "_quotable", "_secrets", "_texts")

    def __init__(self, secrets: Iterable[SecretStr]) -> None:
        self._secrets = tuple(secrets)
        self._texts = [text for s in self._secrets if len(text := s.get_secret_value()) >= _SHORTEST]
        special = [text for text in self._texts if not _PLAIN.fullmatch(text)]
        self._quotable = any(not _QUOTABLE.isdisjoint(text) for text in special)
        for text in special:
            # In a URL a secret stands percent-encoded; where bytes are shown as Python writes them, with backslashes.
            shown = text.replace("\\", "\\\\")
            others = {quote(text, safe=""), shown, shown.replace("'", "\\'")} - {text}
            self._texts += sorted(others, key=len, reverse=True)
        self._bytes = [text.encode() for text in self._texts]

    def __repr__(self) -> str:
        return "<Redactor>"

    def also(self, secret: SecretStr) -> "Redactor":
        """One that masks another secret too, such as a header that was made of several."""
        return Redactor([*self._secrets, secret])

    def text(self, value: str) -> str:
        """The text without the secrets."""
        for secret in self._texts:
            value = value.replace(secret, MASK)
        return value

    def value(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """A JSON value without the secrets in its texts."""
        if not self._texts:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value

    def body(self, value: bytes) -> bytes:
        """The bytes of a reply without the secrets, also where JSON escapes spell them; JSON stays JSON."""
        if self._texts and b"\\" in value and (self._quotable or _ESCAPED_ASCII.search(value)):
            for text in self._texts:
                # Escapes are taken whole, so that no match begins in the middle of one.
                pattern = b"(" + b"".join(map(_spellings, text)) + rb")|\\(?:u[0-9a-fA-F]{4}|.)"
                value = re.sub(pattern, lambda found: _MASK if found[1] else found[0], value, flags=re.DOTALL)
        for secret in self._bytes:
            if secret in value:
                value = re.sub(re.escape(secret), _masked, value)
        return value


def _spellings(character: str) -> bytes:
    """A pattern of the ways in which a JSON string can spell a character."""
    ways = [rb"\\u(?i:%04x)" % ord(character)]
    if character in _QUOTABLE:
        ways.append(re.escape("\\" + character).encode())
    if character not in _QUOTED:
        ways.append(re.escape(character).encode())
    return b"(?:" + b"|".join(ways) + b")"


def _masked(found: re.Match[bytes]) -> bytes:
    start = found.start()
    while start and found.string[start - 1] == ord("\\"):
        start -= 1
    if (found.start() - start) % 2 == 0:
        return _MASK
    # The first character ends an escape, such as a line break's, and stays with it.
    return found[0][:1] + _MASK
