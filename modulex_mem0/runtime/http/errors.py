"""What transports raise, and the contract's errors for what goes wrong between sending a request and its reply.

TransportError
├── AddressError
├── NotConnectedError
│   └── ConnectTimeoutError
├── ReplyTimeoutError
├── ConnectionBrokenError
└── NotHttpError
"""

from modulex_mem0.contract import ActionError, ErrorCode

__all__ = [
    "AddressError",
    "ConnectTimeoutError",
    "ConnectionBrokenError",
    "NotConnectedError",
    "NotHttpError",
    "ReplyTimeoutError",
    "TransportError",
    "error_from_transport",
    "error_when_closed",
    "name_address",
    "not_sent",
    "runtime_closed",
]


class TransportError(Exception):
    """Base of what transports raise. Unless the class says otherwise, the request may have been carried out."""


class AddressError(TransportError):
    """The address cannot be sent to; nothing was sent."""


class NotConnectedError(TransportError):
    """There was no connection; nothing was sent."""


class ConnectTimeoutError(NotConnectedError):
    """No connection was made in time; nothing was sent."""


class ReplyTimeoutError(TransportError):
    """The reply did not come in time."""


class ConnectionBrokenError(TransportError):
    """The connection ended before the reply did."""


class NotHttpError(TransportError):
    """What came is not an HTTP reply."""


def error_from_transport(error: Exception, *, safe_to_retry: bool, sent: bool = True) -> ActionError:
    """The contract's error for an exception of a transport.

    Args:
        error: From `Transport.exchange`, or its end by the deadline.
        safe_to_retry: False for a request that must not be sent twice: once sent, its outcome is unknown.
        sent: False where it is known that the request has not begun to leave.
    """
    kind = type(error).__name__
    if isinstance(error, ConnectTimeoutError):
        return ActionError(ErrorCode.CONNECTION_FAILED, "no connection to the service was made in time")
    if isinstance(error, NotConnectedError):
        return ActionError(ErrorCode.CONNECTION_FAILED, f"cannot connect to the service: {str(error) or kind}")
    if isinstance(error, AddressError):
        return ActionError(ErrorCode.INVALID_INPUT, f"the address cannot be used: {str(error) or kind}")
    if sent and not safe_to_retry:
        return _outcome_unknown(kind)
    if isinstance(error, ReplyTimeoutError | TimeoutError):
        return _no_reply() if sent else not_sent("no connection to the service was made before the deadline")
    if isinstance(error, NotHttpError):
        return ActionError(ErrorCode.BAD_RESPONSE, "the reply is not valid HTTP")
    if isinstance(error, ConnectionBrokenError | OSError):
        return ActionError(ErrorCode.CONNECTION_FAILED, f"the connection to the service broke: {str(error) or kind}")
    # Not the network's doing, so trying again would not help.
    return ActionError(ErrorCode.INTERNAL, f"the transport raised {kind}")


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
