"""Keeps standard output for the program's own results while foreign code is imported."""

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

__all__ = ["prints_go_to_stderr"]


class _Stdout:
    """Stands in for `sys.stdout`: what a diverted thread writes goes to standard error, all else where it belongs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a stream has
        stream = (sys.stderr or io.StringIO()) if getattr(_diverted, "depth", 0) else self._stream
        return getattr(stream, name)


class _Diversion:
    """The one stand-in of the process, while any thread needs it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._users = 0
        self._original: TextIO | None = None

    def begin(self) -> None:
        with self.lock:
            self._users += 1
            # A program without a console has no standard output, and nothing to keep clean.
            if self._users == 1 and sys.stdout is not None:
                self._original = sys.stdout
                sys.stdout = _Stdout(sys.stdout)

    def end(self) -> None:
        with self.lock:
            self._users -= 1
            if self._users == 0 and self._original is not None:
                # Also where foreign code has put another stream there.
                sys.stdout = self._original
                self._original = None


_diverted = threading.local()
_diversion = _Diversion()


@contextmanager
def prints_go_to_stderr() -> Iterator[None]:
    """Send what this thread prints to standard error. Other threads print as before.

    A plugin that prints at its import would spoil a program's JSON, or a protocol that runs over standard output.
    """
    _diversion.begin()
    _diverted.depth = getattr(_diverted, "depth", 0) + 1
    try:
        yield
    finally:
        _diverted.depth -= 1
        _diversion.end()


def _after_fork() -> None:
    # Another thread may have held it.
    _diversion.lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
