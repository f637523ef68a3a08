"""The contract's errors for what goes wrong between sending a request and having its reply."""

import httpx

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.redaction import NO_SECRETS

__all__ = [
    "error_from_httpx",
    "error_from_transport",
    "error_when_closed",
    "name_address",
    "not_sent",
    "runtime_closed",
]

# Raised before any of the request has left, so that it cannot have changed anything.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
# httpx has one exception for a connection that ended early and for a reply that is not HTTP; only the words differ.
_ENDED_EARLY = ("disconnected", "closed")


def error_from_transport(error: Exception, *, safe_to_retry: bool, sent: bool = True) -> ActionError:
    """The contract's error for an exception of a transport.

    Args:
        error: From `handle_async_request`, or from reading the body.
        safe_to_retry: False for a request that must not be sent twice: once sent, its outcome is unknown.
        sent: False where it is known that the request has not begun to leave.
    """
    kind = type(error).__name__
    if isinstance(error, httpx.ConnectTimeout):
        return ActionError(ErrorCode.CONNECTION_FAILED, "no connection to the service was made in time")
    if isinstance(error, httpx.PoolTimeout):
        return not_sent("no connection was free in time")
    if isinstance(error, _NOT_SENT):
        return ActionError(ErrorCode.CONNECTION_FAILED, f"cannot connect to the service: {str(error) or kind}")
    if isinstance(error, httpx.DecodingError):
        return ActionError(ErrorCode.BAD_RESPONSE, "the reply's compression is broken")
    if isinstance(error, httpx.LocalProtocolError | httpx.InvalidURL):
        return ActionError(ErrorCode.INTERNAL, f"the request cannot be sent: {kind}")
    if sent and not safe_to_retry:
        return _outcome_unknown(kind)
    if not isinstance(error, httpx.HTTPError | OSError):
        # Not the network's doing, so trying again would not help.
        return ActionError(ErrorCode.INTERNAL, f"the transport raised {kind}")
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return _no_reply() if sent else not_sent("no connection to the service was made before the deadline")
    if isinstance(error, httpx.RemoteProtocolError) and not any(words in str(error) for words in _ENDED_EARLY):
        return ActionError(ErrorCode.BAD_RESPONSE, "the reply is not valid HTTP")
    return ActionError(ErrorCode.CONNECTION_FAILED, f"the connection to the service broke: {str(error) or kind}")


def error_from_httpx(error: httpx.HTTPError) -> ActionError:
    """The contract's error for an exception that httpx raised in code that sends its own requests.

    Whether those requests are safe to repeat is not known, so one that was not answered is `outcome_unknown`. A status
    gives its code, and the body of its reply the message, in which the runtime masks the credential's secrets.
    """
    if not isinstance(error, httpx.HTTPStatusError):
        return error_from_transport(error, safe_to_retry=False)
    response = error.response
    body = response.content if response.is_closed else b""
    try:
        HttpReply(response.status_code, response.headers, body, NO_SECRETS).require_success()
    except ActionError as refusal:
        return refusal
    return ActionError(ErrorCode.BAD_RESPONSE, f"the tool did not expect HTTP {response.status_code}")


def name_address(message: str, address: str) -> str:
    """The message with the address of the service, for people who have several or a wrong one.

    Args:
        message: May speak of "the service".
        address: Host and port.
    """
    return message.replace("the service", f"the service at {address}", 1)


def not_sent(reason: str, *, again: bool = False) -> ActionError:
    """The error of a request that ran out of time before it left.

    Args:
        reason: What it waited for.
        again: Whether an earlier attempt was sent.
    """
    return ActionError(ErrorCode.TIMEOUT, f"the request was not sent{' again' if again else ''}: {reason}")


def _no_reply() -> ActionError:
    """The error of a request that is safe to repeat and was not answered in time."""
    return ActionError(
        ErrorCode.TIMEOUT,
        "the service did not answer in time; the request may have been carried out, but repeating it does no harm",
    )


def _outcome_unknown(reason: str) -> ActionError:
    """The error of a request that must not be repeated and was not answered."""
    return ActionError(
        ErrorCode.OUTCOME_UNKNOWN,
        f"the request was sent but its answer never came ({reason}), so it may have been carried out;"
        " look before sending it again",
    )


def runtime_closed() -> ActionError:
    """The error of a request for which there are no connections any more."""
    return ActionError(ErrorCode.CONNECTION_FAILED, "the runtime was closed during the call", retryable=False)


def error_when_closed(failure: ActionError) -> ActionError:
    """The error of a request that failed while its runtime was being closed."""
    return _outcome_unknown("the runtime was closed") if failure.code is ErrorCode.OUTCOME_UNKNOWN else runtime_closed()
