"""Masks secrets in what the HTTP library logs at DEBUG, such as the headers of a reply that echoes the key."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from modulex_mem0.runtime.redaction import Redactor

__all__ = ["install", "masking"]

_LOGGERS = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")

_current: ContextVar[Redactor | None] = ContextVar("modulex_mem0_redactor", default=None)


class _Mask(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        redactor = _current.get()
        if redactor is not None:
            record.msg, record.args = redactor.text(record.getMessage()), ()
        return True


_MASK = _Mask()


def install() -> None:
    """Attach the mask to the library's loggers; once is enough, and more does no harm."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_MASK)


@contextmanager
def masking(redactor: Redactor) -> Iterator[None]:
    """Mask the secrets of one exchange while it lasts."""
    token = _current.set(redactor)
    try:
        yield
    finally:
        _current.reset(token)
