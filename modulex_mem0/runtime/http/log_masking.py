"""Keeps secrets out of what HTTP libraries log, such as URLs with a key and the headers of a reply that echoes it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from modulex_mem0.runtime.redaction import Redactor

__all__ = ["masking"]

# Named one by one, since a logger's filter does not see what the loggers below it log.
_MASKED = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")

_current: ContextVar[Redactor | None] = ContextVar("modulex_mem0_redactor", default=None)


class _Mask(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        redactor = _current.get()
        if redactor is not None:
            record.msg, record.args = redactor.text(record.getMessage()), ()
        return True


_MASK = _Mask()


@cache
def _install() -> None:
    """Attach the filters to the libraries' loggers."""
    for name in _MASKED:
        logging.getLogger(name).addFilter(_MASK)


@contextmanager
def masking(redactor: Redactor) -> Iterator[None]:
    """Mask the secrets of one call while it lasts."""
    _install()
    token = _current.set(redactor)
    try:
        yield
    finally:
        _current.reset(token)
