"""Turns failures of HTTP that a tool raises into the contract's errors; whatever else it raises is a defect."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from modulex_mem0.runtime import error_from_httpx

__all__ = ["http_failures"]


@contextmanager
def http_failures() -> Iterator[None]:
    """Run a tool in this context.

    Raises:
        ActionError: For what httpx raised: the reply's status says the code, its body the message.
    """
    try:
        yield
    except httpx.HTTPError as error:
        raise error_from_httpx(error) from None
