"""Runs the command line and turns however it ends into an exit code."""

import os
import sys
from io import TextIOWrapper

import click

from modulex_mem0.cli import exits
from modulex_mem0.cli.app import root

__all__ = ["PROGRAM", "run"]

PROGRAM = "modulex-mem0"


def run() -> int:
    """Run the command with the arguments of the process and return its exit code."""
    _write_utf8()
    # By convention of no-color.org; click itself only looks at whether a terminal reads.
    colour = False if os.environ.get("NO_COLOR") else None
    try:
        code = root.main(prog_name=PROGRAM, standalone_mode=False, color=colour)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo(f"{PROGRAM}: interrupted", err=True)
        return exits.INTERRUPTED
    return code if isinstance(code, int) else exits.DONE


def _write_utf8() -> None:
    """Write UTF-8 whatever the locale.

    What UTF-8 cannot hold, a lone surrogate, is written as the escape that JSON has for it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
