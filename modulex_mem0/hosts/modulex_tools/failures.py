"""Turns failures of HTTP that a tool raises into the contract's errors; whatever else it raises is a defect."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.http.failures import failure_of
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.redaction import Redactor

__all__ = ["http_failures"]


@contextmanager
def http_failures() -> Iterator[None]:
    """Run a tool in this context.

    Raises:
        ActionError: For what httpx raised: the reply's status says the code, its body the message.
    """
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise _of_status(error.response) from None
    except httpx.HTTPError as error:
        # Nothing is known of how harmless the tool's requests are.
        raise failure_of(error, safe_to_retry=False) from None


def _of_status(response: httpx.Response) -> ActionError:
    body = response.content if response.is_closed else b""
    # The runtime masks the message with the credential's secrets.
    try:
        HttpReply(response.status_code, response.headers, body, Redactor(())).require_success()
    except ActionError as error:
        return error
    return ActionError(ErrorCode.BAD_RESPONSE, f"the tool did not expect HTTP {response.status_code}")
