"""Which outcomes of a request are worth another try."""

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.http.reply import HttpReply

__all__ = ["is_transient"]

_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_CODES = frozenset({ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED})


def is_transient(outcome: HttpReply | ActionError) -> bool:
    """Whether the same request may fare better a moment later. Whether it may be sent twice is the action's word."""
    if isinstance(outcome, ActionError):
        return outcome.code in _CODES and outcome.retryable is not False
    return outcome.status in _STATUSES
