"""Captures what a call does besides returning: log lines, printed text, and connections to other hosts."""

import io
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

__all__ = ["ForeignConnectionError", "LogCapture", "capture_output", "guard_connections"]


_FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+).*', re.MULTILINE)


class LogCapture(logging.Handler):
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
        """Everything that was captured."""
        return "\n".join([*self.lines, self.printed.getvalue()])

    def last_exception(self, folder: Path | None) -> str:
        """What the last traceback that was logged ends with, such as `KeyError: 'id' (find.py, line 12)`.

        Args:
            folder: The place is the last one in a file of this folder.

        Returns:
            One line; empty if there was no traceback.
        """
        tracebacks = [line for line in self.lines if "Traceback (most recent call last)" in line]
        if not tracebacks:
            return ""
        frames = list(_FRAME.finditer(tracebacks[-1]))
        rest = tracebacks[-1][frames[-1].end() if frames else 0 :].splitlines()
        # The line of code, with marks below it, is indented; the text of the exception may go on over several lines.
        first = next((number for number, line in enumerate(rest) if line and not line[0].isspace()), len(rest))
        shown = " ".join(" ".join(rest[first:]).split())[:200]
        found = [(Path(frame["file"]), frame["line"]) for frame in frames]
        place = next((f" ({file.name}, line {line})" for file, line in reversed(found) if file.parent == folder), "")
        return shown + place


@contextmanager
def capture_output(level: int = logging.WARNING) -> Iterator[LogCapture]:
    """Capture all loggers, and standard output and error; none of it is shown in the meantime.

    Args:
        level: The lowest level of log lines that is captured.
    """
    capture = LogCapture()
    root = logging.getLogger()
    before, handlers = root.level, root.handlers[:]
    root.handlers = [capture]
    root.setLevel(level)
    try:
        with redirect_stdout(capture.printed), redirect_stderr(capture.printed):
            yield capture
    finally:
        root.handlers = handlers
        root.setLevel(before)


_EVENTS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", None, ""})


class ForeignConnectionError(OSError):
    """A connection to another host was attempted, and refused."""


class _ConnectionGuard:
    """An audit hook that refuses connections. Python cannot remove such a hook, so it is switched off instead."""

    def __init__(self) -> None:
        self.allowed: int | None = None
        self.seen: list[str] = []
        self.installed = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.allowed is None or event not in _EVENTS:
            return
        if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            host, port = arguments[0], self.allowed
        else:
            address = arguments[-1]
            if not isinstance(address, tuple):
                return
            host, port = address[0], address[1]
        host = host.decode() if isinstance(host, bytes) else host
        if host not in _LOOPBACK or port != self.allowed:
            shown = f"{host}:{port}" if event in ("socket.connect", "socket.sendto") else str(host)
            self.seen.append(shown)
            raise ForeignConnectionError(f"a connection to {shown} was attempted")


_guard = _ConnectionGuard()


@contextmanager
def guard_connections(port: int) -> Iterator[list[str]]:
    """Allow connections to one port of this machine alone.

    Args:
        port: The server's.

    Yields:
        The other addresses that were asked for; none of them was reached.

    Raises:
        RuntimeError: Connections are guarded already.
    """
    if _guard.allowed is not None:
        raise RuntimeError("only one testbed at a time: connections are guarded for the whole process")
    if not _guard.installed:
        sys.addaudithook(_guard)
        _guard.installed = True
    _guard.seen, _guard.allowed = [], port
    try:
        yield _guard.seen
    finally:
        _guard.allowed = None
