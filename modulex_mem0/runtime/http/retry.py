"""Repeats a request whose first attempt failed, where that is safe and may help."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.deadlines import Deadline
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.settings import RuntimeSettings

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["is_transient", "retry"]

_MAX_WAIT = 4.0
_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


def is_transient(outcome: HttpReply | BaseException) -> bool:
    """Whether the same request may succeed a moment later. Whether it may be sent twice is for the action to say.

    A request that timed out may not, since it ended with its call.
    """
    if isinstance(outcome, HttpReply):
        return outcome.status in _TRANSIENT_STATUSES
    if not isinstance(outcome, ActionError):
        return False
    return outcome.code is ErrorCode.CONNECTION_FAILED and outcome.retryable is not False


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

    def wait(state: "RetryCallState") -> float:
        asked = _outcome(state).retry_after
        return backoff(state) if asked is None else asked

    def stop(state: "RetryCallState") -> bool:
        return state.attempt_number >= settings.attempts or state.upcoming_sleep >= deadline.remaining()

    def before_wait(state: "RetryCallState") -> None:
        if report is not None:
            report(f"{_reason(_outcome(state))}, retrying in {state.upcoming_sleep:.2g} s")

    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_result(is_transient) | tenacity.retry_if_exception(is_transient),
        wait=wait,
        stop=stop,
        before_sleep=before_wait,
        retry_error_callback=_hand_on,
    )
    return await retrying(next_attempt)


def _outcome(state: "RetryCallState") -> HttpReply | ActionError:
    """The outcome of the last attempt. tenacity asks what to do next only after one, and only if it was transient."""
    made: Any = state.outcome
    outcome: HttpReply | ActionError = made.exception() or made.result()
    return outcome


def _hand_on(state: "RetryCallState") -> HttpReply:
    """When it stops, the last outcome is handed on as it is: the reply is returned, the failure raised."""
    outcome = _outcome(state)
    if isinstance(outcome, HttpReply):
        return outcome
    raise outcome


def _reason(outcome: HttpReply | ActionError) -> str:
    """Why a request is sent again, in a few words."""
    if isinstance(outcome, HttpReply):
        return "rate limited" if outcome.status == 429 else f"the service failed (HTTP {outcome.status})"
    return "connection failed"
