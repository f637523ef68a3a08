"""The command `modulex-mem0`. Importing this package costs nothing: click is imported when the command runs."""

import sys

from modulex_mem0.cli import streams

__all__ = ["main"]

_EXTRA = ("click", "rich")


def main() -> int:
    """Run the command with the arguments of the process.

    Returns:
        The exit code; `modulex_mem0.cli.app.ExitCode` has the list.
    """
    try:
        streams.prepare()
        # Imported here, so that a missing click, or Ctrl-C while modules load, ends in one line instead of a traceback.
        from modulex_mem0.cli.app import run  # noqa: PLC0415

        code = run()
        sys.stdout.flush()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRA:
            raise
        sys.stderr.write(
            f"modulex-mem0: the command needs {package}; install it with: pip install 'modulex-mem0[cli]'\n"
        )
        return 1
    except streams.OutputError as error:
        sys.stderr.write(f"modulex-mem0: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return code
