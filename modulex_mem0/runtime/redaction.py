"""Keeps the secrets of one call out of replies, errors, outputs and logs.

Masking happens once, where foreign text enters: in the bytes and headers of a reply, in the text of an error, and in
what HTTP libraries log. The secrets are those of the call's own credential; there is no process-wide list.
"""

import logging
import re
from collections.abc import Generator, Iterable
from contextvars import ContextVar
from functools import cache
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

__all__ = ["MASK", "NO_SECRETS", "Redactor", "mask_logs"]

MASK = "**********"

_MASK_BYTES = MASK.encode()

# Shorter values occur in ordinary text by chance; masking them would garble it, and give them away.
_MIN_LENGTH = 4
# An ASCII character written as a JSON escape, in which a secret can hide from a search of the bytes.
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")
_UNICODE_ESCAPE = re.compile(rb"\\u[0-9A-Fa-f]{4}")
# Text that is the same in a URL and in JSON.
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
# Characters that JSON must escape, and those that it may escape with a backslash alone.
_MUST_ESCAPE = frozenset('"\\')
_MAY_ESCAPE = _MUST_ESCAPE | {"/"}
# Bytes that are searched in one step.
_WINDOW = 256 * 1024
# Loggers of HTTP libraries. Each is named, since a logger's filter does not see the records of the loggers below it.
_HTTP_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")


class Redactor:
    """Masks the given secrets."""

    __slots__ = ("_bytes", "_may_be_escaped", "_secrets", "_texts")

    def __init__(self, secrets: Iterable[SecretStr]) -> None:
        self._secrets = tuple(secrets)
        texts = [text for s in self._secrets if len(text := s.get_secret_value()) >= _MIN_LENGTH]
        special = [text for text in texts if not _PLAIN.fullmatch(text)]
        self._may_be_escaped = any(not _MAY_ESCAPE.isdisjoint(text) for text in special)
        for text in special:
            # A URL holds a secret percent-encoded; bytes that are shown as Python writes them hold it with backslashes.
            shown = text.replace("\\", "\\\\")
            texts += (quote(text, safe=""), shown, shown.replace("'", "\\'"))
        # One secret may be a part of another, whose rest would stay in sight if the shorter one was masked first.
        self._texts = sorted(dict.fromkeys(texts), key=len, reverse=True)
        self._bytes = [text.encode() for text in self._texts]

    def __repr__(self) -> str:
        return "<Redactor>"

    def also(self, secret: SecretStr) -> "Redactor":
        """A redactor that masks one more secret, such as a header that was made of several."""
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

    def secrets(self) -> list[str]:
        """The secrets themselves. Use them to tell credentials apart, and do not keep them."""
        return [secret.get_secret_value() for secret in self._secrets]

    def body(self, value: bytes) -> bytes:
        """The bytes of a reply without the secrets, even where JSON escapes spell them.

        JSON stays JSON, unless a secret stands outside of its texts, as one of digits alone may, or is the digits of an
        escape.
        """
        if b"\\" not in value:
            for secret in self._bytes:
                if secret in value:
                    break
            else:
                return value
        steps = self.body_in_steps(value)
        while True:
            try:
                next(steps)
            except StopIteration as masked:
                body: bytes = masked.value
                return body

    def body_in_steps(self, value: bytes) -> Generator[None, None, bytes]:
        """`body` in steps of a millisecond or a few, which a large body needs."""
        if b"\\" in value and (self._may_be_escaped or _ESCAPED_ASCII.search(value)):
            for text in self._texts:
                value = yield from _mask_spellings(value, text)
        for secret in self._bytes:
            if secret not in value:
                continue
            yield
            if re.search(rb"\\(?:u[0-9A-Fa-f]{0,3})?" + re.escape(secret), value):
                value = re.sub(re.escape(secret), _mask_match, value)
            else:
                value = value.replace(secret, _MASK_BYTES)
        return value


#: For a call without a credential, or whose credential is not resolved yet.
NO_SECRETS = Redactor(())


def _mask_spellings(value: bytes, text: str) -> Generator[None, None, bytes]:
    """Mask a secret that JSON escapes may spell. Only what is found is copied: a reply may be made of escapes."""
    pattern = re.compile(b"".join(map(_spellings, text)))
    longest = 6 * len(text)
    kept: list[bytes] = []
    done = at = 0
    while at < len(value):
        # Windows overlap by what the secret can take at the most.
        end = at + _WINDOW + longest
        found = pattern.search(value, at, end)
        if found is None:
            at += _WINDOW
            yield
        elif _rest_of_escape(value, found.start()):
            # It begins in the middle of another escape.
            at = found.start() + 1
        else:
            kept += (value[done : found.start()], _MASK_BYTES)
            done = at = found.end()
    return b"".join([*kept, value[done:]]) if kept else value


def _spellings(character: str) -> bytes:
    """A pattern of the ways in which a JSON string can spell a character."""
    ways = [rb"\\u(?i:%04x)" % ord(character)]
    if character in _MAY_ESCAPE:
        ways.append(re.escape("\\" + character).encode())
    if character not in _MUST_ESCAPE:
        ways.append(re.escape(character).encode())
    return b"(?:" + b"|".join(ways) + b")"


def _rest_of_escape(value: bytes, at: int) -> int:
    """How many bytes, from here on, belong to a JSON escape that began before; 0 where none did."""
    start = value.rfind(b"\\", max(0, at - 5), at)
    if start < 0 or _follows_a_backslash(value, start):
        return 0
    return max(0, start + (6 if _UNICODE_ESCAPE.match(value, start) else 2) - at)


def _follows_a_backslash(value: bytes, at: int) -> bool:
    """Whether the byte is escaped: it follows an odd number of backslashes."""
    start = at
    while start and value[start - 1] == ord("\\"):
        start -= 1
    return (at - start) % 2 == 1


def _mask_match(found: re.Match[bytes]) -> bytes:
    rest = _rest_of_escape(found.string, found.start())
    # What ends an escape, such as a line break's, stays with it, unless that were the whole secret.
    return found[0][:rest] + _MASK_BYTES if rest < len(found[0]) else _MASK_BYTES


_log_redactor: ContextVar[Redactor | None] = ContextVar("modulex_mem0_log_redactor", default=None)


def mask_logs(redactor: Redactor) -> None:
    """Mask the secrets of one call in what HTTP libraries log: URLs with a key, headers that echo one.

    It holds for the running task, and for the tasks that it starts.
    """
    _install_filter()
    _log_redactor.set(redactor)


@cache
def _install_filter() -> None:
    log_filter = _MaskingFilter()
    for name in _HTTP_LOGGERS:
        logging.getLogger(name).addFilter(log_filter)


class _MaskingFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        redactor = _log_redactor.get()
        if redactor is not None:
            record.msg, record.args = redactor.text(record.getMessage()), ()
        return True
