"""Every exception that the HTTP library can raise has a code: none is forgotten when the library grows."""

import httpx
import pytest

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime.http.errors import failure_of


def _leaves(kind: type[Exception]) -> set[type[Exception]]:
    below = {leaf for child in kind.__subclasses__() for leaf in _leaves(child)}
    return below | {kind}


#: What only `httpx.Client` raises, or code that misuses a response.
NOT_OF_A_TRANSPORT = {httpx.HTTPStatusError, httpx.TooManyRedirects}
RAISED = sorted(
    # Other libraries, where they are loaded, derive exceptions of their own.
    (kind for kind in _leaves(httpx.HTTPError) - NOT_OF_A_TRANSPORT if kind.__module__.startswith("httpx")),
    key=lambda kind: kind.__name__,
)
FOREIGN = [TimeoutError, OSError, ValueError, RuntimeError]

NOT_SENT: dict[type[Exception], ErrorCode] = {
    httpx.ConnectError: ErrorCode.CONNECTION_FAILED,
    httpx.ConnectTimeout: ErrorCode.CONNECTION_FAILED,
    httpx.LocalProtocolError: ErrorCode.INTERNAL,
    httpx.PoolTimeout: ErrorCode.TIMEOUT,
    httpx.ProxyError: ErrorCode.CONNECTION_FAILED,
    httpx.UnsupportedProtocol: ErrorCode.CONNECTION_FAILED,
}
SENT: dict[type[Exception], ErrorCode] = {
    httpx.DecodingError: ErrorCode.BAD_RESPONSE,
    httpx.ReadTimeout: ErrorCode.TIMEOUT,
    httpx.RemoteProtocolError: ErrorCode.BAD_RESPONSE,
    httpx.TimeoutException: ErrorCode.TIMEOUT,
    httpx.WriteTimeout: ErrorCode.TIMEOUT,
    TimeoutError: ErrorCode.TIMEOUT,
    # Not the network's doing: trying again would not help.
    RuntimeError: ErrorCode.INTERNAL,
    ValueError: ErrorCode.INTERNAL,
}


def test_the_library_has_the_exceptions_that_this_table_was_written_for() -> None:
    assert {*NOT_SENT, *SENT} - set(FOREIGN) <= set(RAISED)


@pytest.mark.parametrize("kind", [*RAISED, *FOREIGN])
def test_a_read_that_failed(kind: type[Exception]) -> None:
    expected = (NOT_SENT | SENT).get(kind, ErrorCode.CONNECTION_FAILED)
    assert failure_of(kind("why"), safe_to_retry=True).code is expected


@pytest.mark.parametrize("kind", [*RAISED, *FOREIGN])
def test_a_change_that_failed_is_harmless_only_if_it_never_left(kind: type[Exception]) -> None:
    expected = NOT_SENT.get(kind, ErrorCode.OUTCOME_UNKNOWN)
    if kind is httpx.DecodingError:
        expected = ErrorCode.BAD_RESPONSE
    assert failure_of(kind("why"), safe_to_retry=False).code is expected


@pytest.mark.parametrize("kind", RAISED)
def test_a_failure_without_words_still_has_some(kind: type[Exception]) -> None:
    message = failure_of(kind(""), safe_to_retry=True).message
    assert len(message) > 10
    assert not message.rstrip().endswith(":")
