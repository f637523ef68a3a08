"""One call of one action: validate, call the handler, validate; every way to fail becomes a result."""

import asyncio
import logging
import traceback
from typing import Any, Protocol

from modulex_mem0.contract import Action, ActionError, Context, ErrorCode, ErrorInfo
from modulex_mem0.runtime.inputs import input_check
from modulex_mem0.runtime.outputs import output_check
from modulex_mem0.runtime.redaction import Redactor
from modulex_mem0.runtime.result import Result

__all__ = ["InFlight", "PreparedAction", "error_info"]

logger = logging.getLogger(__name__)

# A handler ends by itself at its deadline, when its HTTP client does; after this many seconds more it is cancelled.
_GRACE = 1.0
_LONGEST_MESSAGE = 500
_TRANSIENT = frozenset(
    {ErrorCode.RATE_LIMITED, ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED, ErrorCode.SERVICE_ERROR}
)


class InFlight(Protocol):
    """What is known of a call's requests when the call is ended from outside."""

    unsettled: bool


class PreparedAction:
    """An action with its checks built once, to be called many times.

    Raises:
        Exception: Whatever is wrong with the action's own schemas.
    """

    __slots__ = ("_output", "action", "check_input")

    def __init__(self, action: Action[Any, Any]) -> None:
        self.action = action
        self.check_input = input_check(action)
        self._output = output_check(action)

    def extra_time(self, checked_input: object) -> float:
        """Seconds beyond the runtime's deadline that the input asks to wait."""
        return max(0.0, self.action.extra_time(checked_input)) if self.action.extra_time else 0.0

    def fail(self, error: ActionError, redactor: Redactor) -> Result:
        """The result of a call that ended with an error."""
        info = error_info(error, redactor, repeatable=self.action.hints.repeatable)
        return Result(success=False, output=self._output.failure(info.line, error.known), error=info)

    async def run(self, context: Context, checked_input: object, in_flight: InFlight, redactor: Redactor) -> Result:
        """Call the handler and check what it returns."""
        hard = asyncio.timeout(context.remaining() + _GRACE)
        try:
            async with hard:
                value = await self.action.handler(context, checked_input)
            output = self._output.checked(value)
        except ActionError as error:
            return self.fail(error, redactor)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return self._defect("the handler cancelled itself", redactor)
        except TimeoutError:
            if not hard.expired():
                return self._defect("the handler let a TimeoutError out", redactor)
            code = ErrorCode.OUTCOME_UNKNOWN if in_flight.unsettled else ErrorCode.TIMEOUT
            return self.fail(ActionError(code, "the action did not end within the call's deadline"), redactor)
        except (Exception, SystemExit) as error:
            return self._defect(f"{type(error).__name__} in the handler or its output", redactor)
        if output["success"]:
            return Result(success=True, output=output)
        return Result(success=False, output=output, error=_error_told_by(output))

    def _defect(self, what: str, redactor: Redactor) -> Result:
        name = self.action.name
        logger.error("action %s: %s\n%s", name, what, redactor.text(traceback.format_exc()))
        return self.fail(ActionError(ErrorCode.INTERNAL, f"{what}; the log of {__name__} has the details"), redactor)


def error_info(error: ActionError, redactor: Redactor, *, repeatable: bool) -> ErrorInfo:
    """The structured form of an error: one line without secrets, and whether another try makes sense."""
    line = " ".join(redactor.text(error.message).split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    if error.retryable is not None:
        retryable = error.retryable
    else:
        # A rate limit or a failed connection left nothing behind; a fault of the service may have.
        harmless = repeatable or error.code in (ErrorCode.RATE_LIMITED, ErrorCode.CONNECTION_FAILED, ErrorCode.TIMEOUT)
        retryable = error.code in _TRANSIENT and harmless
    return ErrorInfo(
        code=error.code,
        message=line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…",
        retryable=retryable,
        retry_after=error.retry_after,
        http_status=error.http_status,
    )


def _error_told_by(output: dict[str, Any]) -> ErrorInfo:
    """The structured error of a handler that returned a failure instead of raising one."""
    text = str(output.get("error") or "the action failed and gave no reason")
    code, _, message = text.partition(": ")
    try:
        return ErrorInfo(ErrorCode(code), message)
    except ValueError:
        return ErrorInfo(ErrorCode.SERVICE_ERROR, text)
