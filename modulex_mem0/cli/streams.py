"""The standard streams as a command needs them: open, in UTF-8, and with standard output for the command alone.

A stream that was closed before the start is opened on the null device. Standard output that cannot be written raises
`OutputError`, which ends the command in one line. Standard error that cannot be written changes nothing: a message that
nobody can read must not stop a call or its output.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["OutputError", "foreign_code", "prepare"]

_NAMES = ("stdin", "stdout", "stderr")
_STDOUT, _STDERR = 1, 2


class OutputError(OSError):
    """Standard output could not be written; the message is one line.

    It has no `errno`, since click ends in silence for that of a closed pipe.
    """


class _OutputBuffer(io.BufferedWriter):
    """Standard output: what cannot be written raises `OutputError`, once."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise self._failure(error) from None

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> OutputError:
        # What is still in the buffer would fail once more when the process ends.
        _discard(_STDOUT)
        return OutputError(f"cannot write to standard output: {error.strerror or error}")


class _MessageBuffer(io.BufferedWriter):
    """Standard error: what cannot be written is dropped."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError:
            _discard(_STDERR)
            return memoryview(data).nbytes

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            _discard(_STDERR)


def prepare() -> None:
    """Make the standard streams usable, whatever state the process was given them in. May be called again."""
    _open_closed_streams()
    for name, buffer in (("stdout", _OutputBuffer), ("stderr", _MessageBuffer)):
        stream = getattr(sys, name)
        # A stream that a caller of `main` has put in place is the caller's.
        if stream is getattr(sys, f"__{name}__") and isinstance(stream, io.TextIOWrapper):
            stream.flush()
            raw: Any = getattr(stream.buffer, "raw", stream.buffer)
            # UTF-8 whatever the locale; a lone surrogate, which UTF-8 cannot hold, is written as its JSON escape.
            text = io.TextIOWrapper(
                buffer(raw), "utf-8", "backslashreplace", line_buffering=stream.line_buffering or name == "stderr"
            )
            setattr(sys, name, text)
        elif isinstance(stream, io.TextIOWrapper) and not isinstance(stream.buffer, _OutputBuffer | _MessageBuffer):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def foreign_code() -> Iterator[None]:
    """Send to standard error what an integration's code prints while it is imported, described or called.

    This covers `print`, and also what compiled code and child processes write to the descriptor itself.
    """
    sys.stdout.flush()
    output = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        # Code that kept the original stream wrote into that stream's own buffer.
        _flush(sys.__stdout__)
        os.dup2(output, _STDOUT)
        os.close(output)


def _open_closed_streams() -> None:
    """Open the null device where a standard stream is closed, so that no file or socket takes its number."""
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= _STDERR:
        descriptor = os.dup(descriptor)
    os.close(descriptor)
    for number, name in enumerate(_NAMES):
        if getattr(sys, name) is None:
            stream = open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def _discard(descriptor: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def _flush(stream: TextIO | None) -> None:
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        # It goes nowhere, or was closed by the foreign code.
        pass
