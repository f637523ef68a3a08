"""Log lines: on standard error only. What they may tell of a call's secrets, the runtime has masked already."""

import logging
import sys

__all__ = ["write_log"]


def write_log(level: str) -> None:
    """Write the log lines of all libraries to standard error.

    Args:
        level: The least level that is written, such as `debug`.
    """
    logging.basicConfig(level=level.upper(), stream=sys.stderr, format="{levelname} {name}: {message}", style="{")
