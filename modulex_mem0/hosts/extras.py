"""What a host says when its library is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["imports_extra"]


@contextmanager
def imports_extra(extra: str) -> Iterator[None]:
    """Name the extra that is missing; wrap the imports of a host's library in this.

    Args:
        extra: Its name, which is also that of the host's module.

    Raises:
        ModuleNotFoundError: A package of the extra is missing; the message has the command that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "modulex_mem0"):
            raise
        message = f"modulex_mem0.hosts.{extra} needs {package}; install it with: pip install 'modulex-mem0[{extra}]'"
        raise ModuleNotFoundError(message, name=error.name) from None
