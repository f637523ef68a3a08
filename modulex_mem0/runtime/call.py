"""One call of one action, from the caller's input to a result."""

import asyncio
import logging
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from modulex_mem0.contract import Action, ActionError, ErrorCode, ErrorInfo, Profile
from modulex_mem0.runtime.context import CallContext, Deadline, NoServiceClient, ProgressListener
from modulex_mem0.runtime.credentials import CredentialMapping, Service, resolve_credential
from modulex_mem0.runtime.redaction import NO_SECRETS, Redactor, masked_logs
from modulex_mem0.runtime.settings import LARGE_BODY
from modulex_mem0.runtime.validation import OutputValidator, input_validator

if TYPE_CHECKING:
    from modulex_mem0.runtime.http import ServiceClient

__all__ = ["Call", "Connect", "PreparedAction", "Result", "allowed_seconds", "error_info", "run_with_deadline"]

logger = logging.getLogger(__name__)

# A handler ends by itself at its deadline, since its HTTP client does; it is cancelled this many seconds later.
_GRACE = 1.0
# How long a cancelled handler may clean up before its call ends without it, in seconds.
_CLEANUP = 0.5
_MAX_MESSAGE = 500
_NO_SERVICE = NoServiceClient()
_HARMLESS = frozenset({ErrorCode.RATE_LIMITED, ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED})
_TRANSIENT = _HARMLESS | {ErrorCode.SERVICE_ERROR}


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a call.

    Attributes:
        success: Whether the action did what was asked.
        output: A JSON-ready dict that satisfies the action's output schema, on failure too.
        error: What went wrong, structured; None on success. `output["error"]` is its one-line form.
    """

    success: bool
    output: dict[str, Any]
    error: ErrorInfo | None = None


class Connect(Protocol):
    """Makes the HTTP client of one call."""

    def __call__(self, service: Service, deadline: Deadline, *, safe_to_retry: bool) -> "ServiceClient":
        """The client, bound to the service and the deadline."""
        ...


class PreparedAction:
    """An action with its validators built once, to be called many times.

    Raises:
        Exception: Whatever is wrong with the action's own schemas.
    """

    __slots__ = ("extra_timeout", "handler", "name", "output", "safe_to_retry", "validate_input")

    def __init__(self, action: Action[Any, Any]) -> None:
        self.name = action.name
        self.handler = action.handler
        self.extra_timeout = action.extra_timeout
        self.safe_to_retry = action.hints.safe_to_retry
        self.validate_input = input_validator(action)
        self.output = OutputValidator(action)


class Call:
    """One call of one action. It owns the redactor, the deadline and the HTTP client of the call.

    Args:
        action: What to call.
    """

    __slots__ = ("_action", "_deadline", "_http", "_redactor")

    _deadline: Deadline

    def __init__(self, action: PreparedAction) -> None:
        self._action = action
        # Until the credential is resolved there is nothing to mask, and no service to send anything to.
        self._redactor = NO_SECRETS
        self._http: ServiceClient | NoServiceClient = _NO_SERVICE

    async def run(
        self,
        profile: Profile,
        credential: CredentialMapping | None,
        input: Mapping[str, Any],
        *,
        timeout: float | None,
        default_timeout: float,
        connect: Connect,
        on_progress: ProgressListener | None,
    ) -> Result:
        """Validate the input, run the handler, validate its output; every way to fail becomes a result."""
        try:
            resolved = resolve_credential(profile, credential)
            if resolved is not None:
                self._redactor = resolved.redactor
            service = resolved.service() if resolved is not None else None
            checked = self._action.validate_input(input)
            self._deadline = Deadline(allowed_seconds(timeout, default_timeout) + self._extra_seconds(checked))
        except ActionError as error:
            return self.failure(error)
        except Exception as error:
            return self._defect(f"{type(error).__name__} in the check of the input")
        if service is not None:
            self._http = connect(service, self._deadline, safe_to_retry=self._action.safe_to_retry)
        values, scheme = (resolved.values, resolved.scheme) if resolved is not None else ({}, None)
        context = CallContext(values, scheme, self._http, self._deadline, on_progress)
        return await self._run_handler(context, checked)

    async def _run_handler(self, context: CallContext, checked: object) -> Result:
        try:
            with masked_logs(self._redactor):
                handled = await run_with_deadline(
                    lambda: self._action.handler(context, checked), self._deadline.remaining() + _GRACE
                )
            if handled is None:
                return self.failure(self._late())
            value = handled.result()
            if self._http.received > LARGE_BODY:
                # Reading many records takes milliseconds, and so will checking them: others get a turn in between.
                await asyncio.sleep(0)
            output = self._action.output.validate(value)
            if context.credential_was_read or not self._http.carries_requests:
                output = self._masked(output)
            if output["success"] is True:
                return Result(success=True, output=output)
            return self.failure(_returned_error(output))
        except ActionError as error:
            return self._raised(error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return self._defect("the handler cancelled itself")
        except Exception as error:
            return self._defect(f"{type(error).__name__} in the handler or its output")

    def failure(self, error: ActionError) -> Result:
        """The result of the call when it ended with an error."""
        if self._http.changed:
            error = _after_a_change(error)
        info = error_info(error, self._redactor, safe_to_retry=self._action.safe_to_retry)
        known = self._redactor.value(dict(error.partial_output)) if error.partial_output else {}
        return Result(success=False, output=self._action.output.failure(info.line, known), error=info)

    def _raised(self, error: ActionError) -> Result:
        try:
            return self.failure(error)
        except Exception:
            return self._defect("the handler raised an ActionError with unusable parts")

    def _defect(self, what: str) -> Result:
        """The result when the integration's own code failed; the exception that is being handled is logged."""
        logger.error("action %s: %s\n%s", self._action.name, what, self._redactor.text(traceback.format_exc()))
        return self.failure(ActionError(ErrorCode.INTERNAL, f"{what}; the log of {__name__} has the details"))

    def _late(self) -> ActionError:
        """The error of a handler that was stopped. What its own requests did is not known."""
        late = "the action did not end within the call's deadline"
        if self._http.changed or not (self._http.carries_requests or self._action.safe_to_retry):
            return ActionError(ErrorCode.OUTCOME_UNKNOWN, f"{late}, so it may have been carried out")
        return ActionError(ErrorCode.TIMEOUT, f"{late}; calling it again does no harm")

    def _extra_seconds(self, checked: object) -> float:
        """Seconds beyond the runtime's deadline that the input asks to wait."""
        extra_timeout = self._action.extra_timeout
        return max(0.0, extra_timeout(checked)) if extra_timeout else 0.0

    def _masked(self, output: dict[str, Any]) -> dict[str, Any]:
        """The output without secrets, where the handler saw them or made its own requests."""
        masked = self._redactor.value(output)
        return output if masked == output else self._action.output.validate(masked)


def allowed_seconds(timeout: float | None, default: float) -> float:
    """The seconds that a call may take.

    Raises:
        ActionError: `invalid_input` for a timeout that is not a positive number.
    """
    if timeout is None:
        return default
    # A flow may carry the number as text.
    given: object = timeout
    if not isinstance(given, int | float) or not given > 0:
        raise ActionError(ErrorCode.INVALID_INPUT, "timeout: must be a number of seconds greater than 0")
    return timeout


def error_info(error: ActionError, redactor: Redactor, *, safe_to_retry: bool) -> ErrorInfo:
    """The structured form of an error: one line without secrets, and whether another try makes sense."""
    line = " ".join(redactor.text(str(error.message)).split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    retryable = error.retryable
    if retryable is None:
        # A rate limit or a failed connection left nothing behind; a fault of the service may have.
        retryable = error.code in (_TRANSIENT if safe_to_retry else _HARMLESS)
    return ErrorInfo(
        code=error.code,
        message=line if len(line) <= _MAX_MESSAGE else line[: _MAX_MESSAGE - 1] + "…",
        retryable=retryable,
        retry_after=error.retry_after,
        http_status=error.http_status,
    )


def _after_a_change(error: ActionError) -> ActionError:
    """The error of a call that changed something, or may have, before it failed: a repeat could change it twice."""
    harmless = error.code in (ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED)
    warning = "; but an earlier request of this call may have been carried out, so look before you repeat the call"
    return ActionError(
        ErrorCode.OUTCOME_UNKNOWN if harmless else error.code,
        error.message + warning if harmless else error.message,
        retry_after=error.retry_after,
        http_status=error.http_status,
        retryable=error.retryable or False,
        partial_output=error.partial_output,
    )


def _returned_error(output: dict[str, Any]) -> ActionError:
    """The error of a handler that returned a failure instead of raising one."""
    text = str(output.get("error") or "the action failed and gave no reason")
    code, _, message = text.partition(": ")
    try:
        return ActionError(ErrorCode(code), message, partial_output=output)
    except ValueError:
        return ActionError(ErrorCode.SERVICE_ERROR, text, retryable=False, partial_output=output)


async def run_with_deadline(work: Callable[[], Awaitable[Any]], seconds: float) -> asyncio.Task[Any] | None:
    """Run a handler in its own task, so that its call ends in time even where the handler does not.

    A handler that ignores its cancellation is abandoned. If the caller is cancelled, so is the handler.

    Args:
        work: Calls the handler.
        seconds: How long it may take.

    Returns:
        The task, with its result or its exception; None when it was stopped.
    """
    loop = asyncio.get_running_loop()
    # Set at the end of the work or of the time. Waiting for the task itself would cost two more turns of the loop.
    over: asyncio.Future[None] = loop.create_future()
    coroutine = _work_then_signal(work, over)
    if sys.version_info >= (3, 12) and loop.get_task_factory() is None:
        # Begins without waiting for a turn of the loop.
        task = asyncio.eager_task_factory(loop, coroutine)
    else:
        task = loop.create_task(coroutine)
    if not over.done():
        timer = loop.call_later(seconds, _signal, over)
        try:
            await over
        except asyncio.CancelledError:
            await _stop(task)
            raise
        finally:
            timer.cancel()
        if not task.done():
            await _stop(task)
            return None
    return task


async def _work_then_signal(work: Callable[[], Awaitable[Any]], over: "asyncio.Future[None]") -> Any:  # noqa: ANN401 - whatever the handler returns
    try:
        return await work()
    except SystemExit as error:
        # Out of a task it would end the event loop.
        raise RuntimeError(f"SystemExit: {error}") from error
    finally:
        _signal(over)


def _signal(over: "asyncio.Future[None]") -> None:
    if not over.done():
        over.set_result(None)


async def _stop(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=_CLEANUP)
