"""Hears what a call says: log lines, and what is printed."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

__all__ = ["Heard", "listening"]


class Heard(logging.Handler):
    """Keeps log lines, with their tracebacks, and printed text."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self.printed = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(self.format(record))

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join([*self.lines, self.printed.getvalue()])

    @property
    def last_exception(self) -> str:
        """The last line of the last traceback that was logged, such as `KeyError: 'id'`; empty if there was none."""
        logged = [line for line in self.lines if "Traceback (most recent call last)" in line]
        told = [line for line in logged[-1].splitlines() if line and not line[0].isspace()] if logged else []
        return told[-1][:200] if told else ""


@contextmanager
def listening(level: int = logging.WARNING) -> Iterator[Heard]:
    """Listen to all loggers, and to standard output and error; nothing of it is shown meanwhile.

    Args:
        level: The least level that is heard.
    """
    heard = Heard()
    root = logging.getLogger()
    before, handlers = root.level, root.handlers[:]
    root.handlers = [heard]
    root.setLevel(level)
    try:
        with redirect_stdout(heard.printed), redirect_stderr(heard.printed):
            yield heard
    finally:
        root.handlers = handlers
        root.setLevel(before)
