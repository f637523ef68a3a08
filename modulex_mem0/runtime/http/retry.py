"""Repeats a request whose first try failed, where that is safe."""

from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, retry_if_result, wait_exponential, wait_random

from modulex_mem0.contract import ActionError
from modulex_mem0.runtime.deadline import Deadline
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.http.retry_policy import is_transient
from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = ["repeat"]

_LONGEST_WAIT = 4.0


async def repeat(
    first: HttpReply | ActionError,
    attempt: Callable[[], Awaitable[HttpReply]],
    settings: RuntimeSettings,
    deadline: Deadline,
) -> HttpReply:
    """Try again until the outcome is not transient, the attempts are used up, or a wait would pass the deadline.

    Args:
        first: How the first try ended; it counts as an attempt.
        attempt: Sends the request once more.
        settings: For the number of attempts and the first wait.
        deadline: The call's.

    Returns:
        The last reply, whatever its status.

    Raises:
        ActionError: The last failure, when the last try had no reply.
    """
    made = [first]

    async def next_try() -> HttpReply:
        # The library has no pause before its first try, so the one that was already made stands in for it.
        outcome = made.pop() if made else await attempt()
        if isinstance(outcome, ActionError):
            raise outcome
        return outcome

    pause = settings.retry_wait
    backoff = wait_exponential(multiplier=pause, max=_LONGEST_WAIT) + wait_random(0, pause)

    def wait(state: RetryCallState) -> float:
        outcome = state.outcome
        reply = None if outcome is None or outcome.failed else outcome.result()
        asked = reply.retry_after if reply is not None else None
        return backoff(state) if asked is None else float(asked)

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number >= settings.attempts or state.upcoming_sleep >= deadline.remaining()

    retrying = AsyncRetrying(
        retry=retry_if_result(is_transient)
        | retry_if_exception(lambda error: isinstance(error, ActionError) and is_transient(error)),
        wait=wait,
        stop=stop,
        # When it stops, the last outcome is handed on as it is: the reply is returned, the failure raised.
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    return await retrying(next_try)
