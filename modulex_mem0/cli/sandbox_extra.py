"""What a command says when the packages that the sandbox needs are not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

__all__ = ["needing_sandbox_extra"]


@contextmanager
def needing_sandbox_extra() -> Iterator[None]:
    """Put this around imports of the sandbox.

    Raises:
        click.ClickException: A package of the extra is missing; the message names the command that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("modulex_mem0"):
            raise
        package = error.name.partition(".")[0]
        raise click.ClickException(
            f"the sandbox needs {package}; install it with: pip install 'modulex-mem0[sandbox]'"
        ) from None
