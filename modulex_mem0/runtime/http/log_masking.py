"""Keeps secrets out of what HTTP libraries log, such as URLs with a key and the headers of a reply that echoes it."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from modulex_mem0.runtime.redaction import Redactor

__all__ = ["masking"]

# Named one by one, since a logger's filter does not see what the loggers below it log.
_MASKED = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")
# HTTP/2's compression of headers tells of every call on a shared connection, also in compressed form, so that no search
# for one call's secrets finds all of them.
_DROPPED = ("hpack.hpack", "hpack.table")
_PARTING_WORDS = re.compile(r"additional_data:.*", re.DOTALL)

_current: ContextVar[Redactor | None] = ContextVar("modulex_mem0_redactor", default=None)


class _Mask(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        redactor = _current.get()
        if redactor is not None:
            # What a service says as it ends a connection may hold the key of any call that was on it.
            text = _PARTING_WORDS.sub("additional_data:…", record.getMessage())
            record.msg, record.args = redactor.text(text), ()
        return True


class _Drop(logging.Filter):
    def filter(self, _record: logging.LogRecord) -> bool:
        return _current.get() is None


_MASK = _Mask()
_DROP = _Drop()


@cache
def _install() -> None:
    """Attach the filters to the libraries' loggers."""
    for name in _MASKED:
        logging.getLogger(name).addFilter(_MASK)
    for name in _DROPPED:
        logging.getLogger(name).addFilter(_DROP)


@contextmanager
def masking(redactor: Redactor) -> Iterator[None]:
    """Mask the secrets of one call while it lasts."""
    _install()
    token = _current.set(redactor)
    try:
        yield
    finally:
        _current.reset(token)
