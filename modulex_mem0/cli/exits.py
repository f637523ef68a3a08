"""The exit codes of the command; they are part of its interface."""

from typing import Final

__all__ = ["DONE", "FAILED", "INTERRUPTED", "MISUSED"]

DONE: Final = 0
FAILED: Final = 1
#: A mistake in the command line: an unknown name, an unreadable file, input that is no JSON object.
MISUSED: Final = 2
#: Ended by Ctrl-C: 128 and the number of the signal, as shells count.
INTERRUPTED: Final = 130
