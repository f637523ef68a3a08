"""Turns what httpx raises into the contract's errors."""

import httpx

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.http.pool import RUNTIME_CLOSED
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.redaction import Redactor

__all__ = ["error_from_httpx", "failure_of", "queue_full", "runtime_closed"]

# Raised before anything of the request has left, so that nothing can have been changed.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
# The library tells a connection that ended early and an answer that is no HTTP apart by their words alone.
_ENDED_EARLY = ("disconnected", "closed")


def failure_of(error: Exception, *, safe_to_retry: bool) -> ActionError:
    """The contract's error for one that a transport raised.

    Args:
        error: From `handle_async_request`, or from reading the body.
        safe_to_retry: False for a request that must not be sent twice: once sent, its outcome is unknown.
    """
    kind = type(error).__name__
    if isinstance(error, httpx.ConnectTimeout):
        return ActionError(ErrorCode.CONNECTION_FAILED, "no connection to the service was made in time")
    if isinstance(error, httpx.PoolTimeout):
        return queue_full()
    if isinstance(error, _NOT_SENT):
        return ActionError(ErrorCode.CONNECTION_FAILED, f"cannot connect to the service: {str(error) or kind}")
    if isinstance(error, httpx.DecodingError):
        return ActionError(ErrorCode.BAD_RESPONSE, "the reply's compression is broken")
    if isinstance(error, httpx.LocalProtocolError | httpx.InvalidURL):
        return ActionError(ErrorCode.INTERNAL, f"the request cannot be sent: {kind}")
    if safe_to_retry and not isinstance(error, httpx.HTTPError | OSError):
        # Not the network's doing, so trying again would not help.
        return ActionError(ErrorCode.INTERNAL, f"the transport raised {kind}")
    if not safe_to_retry:
        return outcome_unknown(kind)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return ActionError(ErrorCode.TIMEOUT, "the service did not answer in time")
    if isinstance(error, httpx.RemoteProtocolError) and not any(words in str(error) for words in _ENDED_EARLY):
        return ActionError(ErrorCode.BAD_RESPONSE, "what answered does not speak HTTP as it should")
    return ActionError(ErrorCode.CONNECTION_FAILED, f"the connection to the service broke: {str(error) or kind}")


def error_from_httpx(error: httpx.HTTPError) -> ActionError:
    """The contract's error for one that httpx raised to code that sends its own requests.

    Nothing is known of how harmless those requests are, so that one without an answer is `outcome_unknown`. A status
    gives its code, and the body of its reply the message, in which the runtime masks the credential's secrets.
    """
    if not isinstance(error, httpx.HTTPStatusError):
        return failure_of(error, safe_to_retry=False)
    response = error.response
    body = response.content if response.is_closed else b""
    try:
        HttpReply(response.status_code, response.headers, body, Redactor(())).require_success()
    except ActionError as refusal:
        return refusal
    return ActionError(ErrorCode.BAD_RESPONSE, f"the tool did not expect HTTP {response.status_code}")


def queue_full() -> ActionError:
    """For a request that waited for its turn until the deadline, and never left."""
    return ActionError(ErrorCode.TIMEOUT, "no connection was free in time; too many calls are open at once")


def runtime_closed(failure: ActionError) -> ActionError:
    """The contract's error for a request that failed while its runtime was being closed."""
    if failure.code is ErrorCode.OUTCOME_UNKNOWN:
        return outcome_unknown("the runtime was closed")
    return ActionError(ErrorCode.CONNECTION_FAILED, RUNTIME_CLOSED, retryable=False)


def outcome_unknown(reason: str) -> ActionError:
    """For a request that must not be repeated and went without an answer."""
    return ActionError(
        ErrorCode.OUTCOME_UNKNOWN,
        f"the request was sent but its answer never came ({reason}), so it may have been carried out;"
        " look before sending it again",
    )
