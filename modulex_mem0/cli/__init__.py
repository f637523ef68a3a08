"""The command `modulex-mem0`. Importing this package costs nothing: click is loaded when the command runs."""

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command with the arguments of the process.

    Returns:
        The exit code, as the constants of `modulex_mem0.cli.exits` name them.
    """
    # All imports wait for this moment, so that a missing click and an early Ctrl-C end in one line.
    try:
        from modulex_mem0.cli.running import run  # noqa: PLC0415

        return run()
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write("modulex-mem0: the command needs click; install it with: pip install 'modulex-mem0[cli]'\n")
        return 1
    except KeyboardInterrupt:
        return 130
