"""Repeats a request whose first attempt failed, where that is safe and may help."""

from collections.abc import Awaitable, Callable

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.deadlines import Deadline
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = ["is_transient", "retry"]

_MAX_WAIT = 4.0
_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_TRANSIENT_CODES = frozenset({ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED})


def is_transient(outcome: HttpReply | BaseException) -> bool:
    """Whether the same request may succeed a moment later. Whether it may be sent twice is for the action to say."""
    if isinstance(outcome, HttpReply):
        return outcome.status in _TRANSIENT_STATUSES
    return isinstance(outcome, ActionError) and outcome.code in _TRANSIENT_CODES and outcome.retryable is not False


async def retry(
    first: HttpReply | ActionError,
    attempt: Callable[[], Awaitable[HttpReply]],
    settings: RuntimeSettings,
    deadline: Deadline,
    report: Callable[[str], None] | None = None,
) -> HttpReply:
    """Try again until the outcome is not transient, the attempts are used up, or a wait would pass the deadline.

    Args:
        first: The outcome of the first attempt, which counts.
        attempt: Sends the request once more.
        settings: For the number of attempts and the first wait.
        deadline: The call's.
        report: Called before each wait with a message for people.

    Returns:
        The last reply, whatever its status.

    Raises:
        ActionError: The last failure, when the last attempt had no reply.
    """
    # 10 ms, which a program pays that meets its first failure.
    import tenacity  # noqa: PLC0415

    outcomes = [first]

    async def next_attempt() -> HttpReply:
        # tenacity does not wait before its first attempt, so the one that was already made stands in for it.
        outcome = outcomes.pop() if outcomes else await attempt()
        if isinstance(outcome, ActionError):
            raise outcome
        return outcome

    pause = settings.retry_wait
    backoff = tenacity.wait_exponential(multiplier=pause, max=_MAX_WAIT) + tenacity.wait_random(0, pause)

    def wait(state: tenacity.RetryCallState) -> float:
        outcome = state.outcome
        reply = None if outcome is None or outcome.failed else outcome.result()
        asked = reply.retry_after if reply is not None else None
        return backoff(state) if asked is None else float(asked)

    def stop(state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= settings.attempts or state.upcoming_sleep >= deadline.remaining()

    def before_wait(state: tenacity.RetryCallState) -> None:
        if report is not None and state.outcome is not None:
            outcome = state.outcome.exception() if state.outcome.failed else state.outcome.result()
            report(f"{_reason(outcome)}, retrying in {state.upcoming_sleep:.2g} s")

    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_result(is_transient) | tenacity.retry_if_exception(is_transient),
        wait=wait,
        stop=stop,
        before_sleep=before_wait,
        # When it stops, the last outcome is handed on as it is: the reply is returned, the failure raised.
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    return await retrying(next_attempt)


def _reason(outcome: HttpReply | BaseException | None) -> str:
    """Why a request is sent again, in a few words."""
    if isinstance(outcome, HttpReply):
        return "rate limited" if outcome.status == 429 else f"the service failed (HTTP {outcome.status})"
    timed_out = isinstance(outcome, ActionError) and outcome.code is ErrorCode.TIMEOUT
    return "no answer in time" if timed_out else "connection failed"
