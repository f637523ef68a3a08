"""One call of one action: validate, call the handler, validate; every way to fail becomes a result."""

import asyncio
import logging
import traceback
from typing import Any, Protocol

from modulex_mem0.contract import Action, ActionError, ErrorCode, ErrorInfo
from modulex_mem0.runtime.context import CallContext
from modulex_mem0.runtime.http.log_masking import masking
from modulex_mem0.runtime.outputs import output_check
from modulex_mem0.runtime.own_task import ended_in_time
from modulex_mem0.runtime.redaction import Redactor
from modulex_mem0.runtime.result import Result
from modulex_mem0.runtime.settings import LARGE_BODY
from modulex_mem0.runtime.validation import input_check

__all__ = ["InFlight", "PreparedAction", "error_info"]

logger = logging.getLogger(__name__)

# A handler ends by itself at its deadline, when its HTTP client does; after this many seconds more it is cancelled.
_GRACE = 1.0
_LONGEST_MESSAGE = 500
_HARMLESS = frozenset({ErrorCode.RATE_LIMITED, ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED})
_TRANSIENT = frozenset(
    {ErrorCode.RATE_LIMITED, ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED, ErrorCode.SERVICE_ERROR}
)


class InFlight(Protocol):
    """What is known of a call's requests when the call ends."""

    @property
    def carries_requests(self) -> bool:
        """Whether the handler's requests go through it, so that replies are masked and `changed` can be relied on."""
        ...

    @property
    def received(self) -> int:
        """Bytes of all replies together."""
        ...

    @property
    def changed(self) -> bool:
        """Whether a request that must not be repeated may have been carried out."""
        ...


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

    def extra_timeout(self, checked_input: object) -> float:
        """Seconds beyond the runtime's deadline that the input asks to wait."""
        return max(0.0, self.action.extra_timeout(checked_input)) if self.action.extra_timeout else 0.0

    def fail(self, error: ActionError, redactor: Redactor, in_flight: InFlight | None = None) -> Result:
        """The result of a call that ended with an error."""
        if in_flight is not None and in_flight.changed:
            error = _after_a_change(error)
        info = error_info(error, redactor, safe_to_retry=self.action.hints.safe_to_retry)
        # Whatever the handler says on its way out, it says without secrets.
        known = redactor.value(dict(error.partial_output)) if error.partial_output else error.partial_output
        return Result(success=False, output=self._output.failure(info.line, known), error=info)

    def defect(self, what: str, redactor: Redactor) -> Result:
        """The result of a call that the integration's own code broke; the exception being handled is logged."""
        logger.error("action %s: %s\n%s", self.action.name, what, redactor.text(traceback.format_exc()))
        return self.fail(ActionError(ErrorCode.INTERNAL, f"{what}; the log of {__name__} has the details"), redactor)

    async def run(self, context: CallContext, checked_input: object, in_flight: InFlight, redactor: Redactor) -> Result:
        """Call the handler and check what it returns."""
        try:
            with masking(redactor):
                handled = await ended_in_time(
                    lambda: self.action.handler(context, checked_input), context.remaining() + _GRACE
                )
            if handled is None:
                return self.fail(self._late(in_flight), redactor, in_flight)
            value = handled.result()
            if in_flight.received > LARGE_BODY:
                # Reading many records takes milliseconds, and so will checking them: others get a turn in between.
                await asyncio.sleep(0)
            output = self._output.checked(value)
            if context.secrets.were_read or not in_flight.carries_requests:
                output = self._masked(output, redactor)
            if output["success"] is True:
                return Result(success=True, output=output)
            return self.fail(_error_told_by(output), redactor, in_flight)
        except ActionError as error:
            return self._refused(error, redactor, in_flight)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return self.defect("the handler cancelled itself", redactor)
        except Exception as error:
            return self.defect(f"{type(error).__name__} in the handler or its output", redactor)

    def _masked(self, output: dict[str, Any], redactor: Redactor) -> dict[str, Any]:
        """The output without secrets, where the handler had them or carried its own requests."""
        masked = redactor.value(output)
        return output if masked == output else self._output.checked(masked)

    def _late(self, in_flight: InFlight) -> ActionError:
        """The error of a handler that was stopped. What its own requests did is not known."""
        settled = in_flight.carries_requests or self.action.hints.safe_to_retry
        return ActionError(
            ErrorCode.TIMEOUT if settled else ErrorCode.OUTCOME_UNKNOWN,
            "the action did not end within the call's deadline"
            + ("" if settled else ", so it may have been carried out"),
        )

    def _refused(self, error: ActionError, redactor: Redactor, in_flight: InFlight) -> Result:
        try:
            return self.fail(error, redactor, in_flight)
        except Exception:
            return self.defect("the handler raised an ActionError with unusable parts", redactor)


def _after_a_change(error: ActionError) -> ActionError:
    """The error of a call that had already changed something, or may have: repeating the call could change it twice."""
    harmless = error.code in (ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED)
    return ActionError(
        ErrorCode.OUTCOME_UNKNOWN if harmless else error.code,
        f"{error.message}; an earlier request of this call may have been carried out" if harmless else error.message,
        retry_after=error.retry_after,
        http_status=error.http_status,
        retryable=error.retryable or False,
        partial_output=error.partial_output,
    )


def error_info(error: ActionError, redactor: Redactor, *, safe_to_retry: bool) -> ErrorInfo:
    """The structured form of an error: one line without secrets, and whether another try makes sense."""
    line = " ".join(redactor.text(str(error.message)).split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    if error.retryable is not None:
        retryable = error.retryable
    else:
        # A rate limit or a failed connection left nothing behind; a fault of the service may have.
        harmless = safe_to_retry or error.code in _HARMLESS
        retryable = error.code in _TRANSIENT and harmless
    return ErrorInfo(
        code=error.code,
        message=line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…",
        retryable=retryable,
        retry_after=error.retry_after,
        http_status=error.http_status,
    )


def _error_told_by(output: dict[str, Any]) -> ActionError:
    """The error of a handler that returned a failure instead of raising one."""
    text = str(output.get("error") or "the action failed and gave no reason")
    code, _, message = text.partition(": ")
    try:
        return ActionError(ErrorCode(code), message, partial_output=output)
    except ValueError:
        return ActionError(ErrorCode.SERVICE_ERROR, text, retryable=False, partial_output=output)
