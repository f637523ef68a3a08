"""One call of one action, from the caller's input to a result."""

import asyncio
import logging
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from modulex_mem0.contract import Action, ActionError, ErrorCode, ErrorInfo, Profile
from modulex_mem0.runtime.context import SILENT, CallContext, NoServiceClient, ProgressListener, Reporter
from modulex_mem0.runtime.credentials import CredentialMapping, ResolvedCredential, Service, resolve_credential
from modulex_mem0.runtime.deadlines import Deadline, Deadlines
from modulex_mem0.runtime.errors import reason_of, reraise_interrupt
from modulex_mem0.runtime.redaction import NO_SECRETS, Redactor, mask_logs
from modulex_mem0.runtime.settings import LARGE_BODY
from modulex_mem0.runtime.validation import OutputValidator, input_validator

if TYPE_CHECKING:
    from modulex_mem0.runtime.http import ServiceClient

__all__ = [
    "Call",
    "Connect",
    "PreparedAction",
    "Result",
    "after_closing",
    "allowed_seconds",
    "error_info",
    "run_with_deadline",
]

logger = logging.getLogger(__name__)

# How long a cancelled handler may clean up before its call ends without it, in seconds.
_CLEANUP = 0.5
_MAX_MESSAGE = 500
# A year, which stands for "no limit": a number that every clock and every library takes.
_LONGEST = 365 * 86_400.0
_NO_SERVICE = NoServiceClient()
_CLOSED = "the runtime was closed"
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

    def __call__(
        self, service: Service, deadline: Deadline, *, safe_to_retry: bool, report: Reporter | None = None
    ) -> "ServiceClient":
        """The client, bound to the service and the deadline.

        Args:
            service: Where to send, and with which headers.
            deadline: The call's.
            safe_to_retry: Whether the action may be repeated.
            report: Called with the message of each wait before another attempt.
        """
        ...


class PreparedAction:
    """An action with its validators built once, to be called many times.

    Args:
        action: As it was declared.
        profile: The integration's.
        max_values: The values that an input may have.

    Raises:
        Exception: Whatever is wrong with the action's own schemas.
    """

    __slots__ = ("extra_timeout", "handler", "name", "output", "profile", "safe_to_retry", "validate_input")

    def __init__(self, action: Action[Any, Any], profile: Profile, max_values: int) -> None:
        self.profile = profile
        self.name = action.name
        self.handler = action.handler
        self.extra_timeout = action.extra_timeout
        self.safe_to_retry = action.hints.safe_to_retry
        self.validate_input = input_validator(action, max_values)
        self.output = OutputValidator(action)


class Call:
    """One call of one action. It owns the redactor, the deadline and the HTTP client of the call.

    Args:
        action: What to call.

    Attributes:
        extra_seconds: How long the input asks to wait beyond the runtime's deadline; known once it was validated.
    """

    __slots__ = ("_action", "_deadline", "_http", "_redactor", "extra_seconds")

    def __init__(self, action: PreparedAction) -> None:
        self._action = action
        # Until the credential is resolved there is nothing to mask, and no service to send anything to.
        self._redactor = NO_SECRETS
        self._http: ServiceClient | NoServiceClient = _NO_SERVICE
        self._deadline: Deadline | None = None
        self.extra_seconds = 0.0

    async def run(
        self,
        credential: CredentialMapping | ResolvedCredential | None,
        input: Mapping[str, Any],
        *,
        timeout: float | None,
        default_timeout: float,
        deadlines: Deadlines,
        connect: Connect,
        on_progress: ProgressListener | None,
    ) -> Result:
        """Validate the input, run the handler, validate its output; every way to fail becomes a result."""
        # Nothing here waits, so whatever is raised is the doing of the input or of the integration.
        try:
            if isinstance(credential, ResolvedCredential):
                resolved: ResolvedCredential | None = credential
            else:
                resolved = resolve_credential(self._action.profile, credential)
            service = None
            if resolved is not None:
                self._redactor = resolved.redactor
                service = resolved.service()
            action = self._action
            checked = action.validate_input(input if isinstance(input, dict) else _read(input))
            if action.extra_timeout is not None:
                self.extra_seconds = max(0.0, action.extra_timeout(checked))
            deadline = deadlines.begin(allowed_seconds(timeout, default_timeout) + self.extra_seconds)
        except ActionError as error:
            return self._raised(error)
        except BaseException as error:
            reraise_interrupt(error)
            return self._defect(f"{type(error).__name__} in the check of the input", error)
        self._deadline = deadline
        try:
            report = SILENT if on_progress is None else Reporter(on_progress, self._redactor)
            if service is not None:
                self._http = connect(service, deadline, safe_to_retry=action.safe_to_retry, report=report)
            values, scheme = (resolved.values, resolved.scheme) if resolved is not None else ({}, None)
            context = CallContext(values, scheme, self._http, deadline, report)
            return await self._run_handler(context, checked, deadline)
        finally:
            deadline.alarm.forget(deadline)

    async def _run_handler(self, context: CallContext, checked: object, deadline: Deadline) -> Result:
        run = await run_with_deadline(partial(self._action.handler, context, checked), deadline, self._redactor)
        if run.stopped:
            if run.error is not None and not isinstance(run.error, asyncio.CancelledError):
                self._log("failed while it was stopped", run.error)
            return self.failure(self._late())
        try:
            value = run.result()
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
        except (asyncio.CancelledError, GeneratorExit) as error:
            if error is not run.error:
                # The caller's own.
                raise
            itself = isinstance(error, asyncio.CancelledError)
            return self._defect("the handler cancelled itself" if itself else "GeneratorExit in the handler", error)
        except BaseException as error:
            reraise_interrupt(error)
            return self._defect(f"{type(error).__name__} in the handler or its output", error)

    def retries(self) -> int:
        """How many requests were sent again."""
        return self._http.retries

    def failure(self, error: ActionError) -> Result:
        """The result of the call when it ended with an error."""
        if self._deadline is not None and self._deadline.was_cut:
            error = after_closing(error)
        if self._http.changed:
            error = _after_a_change(error)
        # Of an action that may not be repeated, a call that changed nothing may be.
        unchanged = self._http.carries_requests and not self._http.changed
        info = error_info(error, self._redactor, safe_to_retry=self._action.safe_to_retry or unchanged)
        output = self._action.output.failure(info.line, error.partial_output)
        if error.partial_output:
            # Only now is it JSON: what a handler knows may be objects of any class, with secrets in them.
            masked = self._redactor.value(output)
            output = output if masked == output else self._action.output.failure(info.line, masked)
        return Result(success=False, output=output, error=info)

    def unanswered(self) -> Result:
        """The result when a synchronous caller has waited long enough, since the event loop of its call is blocked."""
        reason = "the call did not end within its deadline; something blocks the thread of synchronous calls"
        if self._action.safe_to_retry:
            return self.failure(ActionError(ErrorCode.TIMEOUT, f"{reason}; calling it again does no harm"))
        return self.failure(ActionError(ErrorCode.OUTCOME_UNKNOWN, f"{reason}, so it may have been carried out"))

    def _raised(self, error: ActionError) -> Result:
        try:
            return self.failure(error)
        except BaseException as failure:
            reraise_interrupt(failure)
            return self._defect("the handler raised an ActionError with unusable parts", failure)

    def _defect(self, what: str, error: BaseException) -> Result:
        """The result when the integration's own code failed; the exception is logged."""
        self._log(what, error)
        return self.failure(ActionError(ErrorCode.INTERNAL, f"{what}; the log of {__name__} has the details"))

    def _log(self, what: str, error: BaseException) -> None:
        lines = "".join(traceback.format_exception(error))
        logger.error("action %s: %s\n%s", self._action.name, what, self._redactor.text(lines))

    def _late(self) -> ActionError:
        """The error of a handler that was stopped. What its own requests did is not known."""
        late = "the action did not end within the call's deadline"
        if self._deadline is not None and self._deadline.was_cut:
            late = _CLOSED
        if self._http.changed or not (self._http.carries_requests or self._action.safe_to_retry):
            return ActionError(ErrorCode.OUTCOME_UNKNOWN, f"{late}, so it may have been carried out")
        return ActionError(ErrorCode.TIMEOUT, f"{late}; calling it again does no harm")

    def _masked(self, output: dict[str, Any]) -> dict[str, Any]:
        """The output without secrets, where the handler saw them or made its own requests."""
        masked = self._redactor.value(output)
        return output if masked == output else self._action.output.validate(masked)


def allowed_seconds(timeout: float | None, default: float) -> float:
    """The seconds that a call may take, a year at most.

    Raises:
        ActionError: `invalid_input` for a timeout that is not a positive number.
    """
    if timeout is None:
        return min(default, _LONGEST)
    # A flow may carry the number as text.
    given: object = timeout
    if not isinstance(given, int | float) or isinstance(given, bool) or not given > 0:
        raise ActionError(ErrorCode.INVALID_INPUT, "timeout: must be a number of seconds greater than 0")
    return float(min(timeout, _LONGEST))


def error_info(error: ActionError, redactor: Redactor, *, safe_to_retry: bool) -> ErrorInfo:
    """The structured form of an error: one line without secrets, and whether another try makes sense.

    Args:
        error: What ended the call.
        redactor: Masks the credential's secrets.
        safe_to_retry: Whether the whole call may be repeated.
    """
    line = " ".join(redactor.text(str(error.message)).split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    retryable = error.retryable
    if retryable is None:
        # A rate limit or a failed connection left nothing behind; a fault of the service may have.
        retryable = error.code in (_TRANSIENT if safe_to_retry else _HARMLESS)
    note = ""
    if error.code is ErrorCode.SERVICE_ERROR and error.http_status is not None and error.http_status >= 500:
        # A person who reads the line does not see `retryable`.
        note = "; repeating is safe" if safe_to_retry else "; check before you repeat"
    longest = _MAX_MESSAGE - len(note)
    return ErrorInfo(
        code=error.code,
        message=(line if len(line) <= longest else line[: longest - 1] + "…") + note,
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


class HandlerRun:
    """How the run of a handler ended.

    Attributes:
        stopped: Whether its time ended first. It may still be running then.
        error: What it raised, whatever that is; None where it returned, or still runs.
    """

    __slots__ = ("_value", "error", "stopped")

    def __init__(self) -> None:
        self._value: Any = None
        self.error: BaseException | None = None
        self.stopped = False

    def result(self) -> Any:  # noqa: ANN401 - whatever the handler returned
        """What the handler returned.

        Raises:
            BaseException: What the handler raised.
        """
        if self.error is not None:
            raise self.error
        return self._value

    async def work(self, work: Callable[[], Awaitable[Any]], deadline: Deadline, redactor: Redactor) -> None:
        """Run the handler. A task that raises would be logged by asyncio with its exception, secrets included."""
        mask_logs(redactor)
        try:
            self._value = await work()
        except BaseException as error:
            self.error = error
        finally:
            deadline.end()


async def run_with_deadline(
    work: Callable[[], Awaitable[Any]], deadline: Deadline, redactor: Redactor = NO_SECRETS
) -> HandlerRun:
    """Run a handler in its own task, so that its call ends in time even where the handler does not.

    A handler that ignores its cancellation is abandoned. If the caller is cancelled, so is the handler.

    Args:
        work: Calls the handler.
        deadline: The call's. The handler is stopped a little later: by itself it ends at the deadline, since its HTTP
            client does.
        redactor: Masks secrets in what HTTP libraries log meanwhile.
    """
    loop = deadline.loop
    run = HandlerRun()
    coroutine = run.work(work, deadline, redactor)
    if sys.version_info >= (3, 12) and loop.get_task_factory() is None:
        # Begins without waiting for a turn of the loop.
        task = asyncio.eager_task_factory(loop, coroutine)
    else:
        task = loop.create_task(coroutine)
    if not task.done():
        try:
            # Done at the end of the work or of the time. To wait for the task itself would take two more turns.
            await deadline.waiter()
        except asyncio.CancelledError:
            await _stop(task)
            raise
        if not task.done():
            run.stopped = True
            await _stop(task)
    return run


async def _stop(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=_CLEANUP)


def _read(input: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the caller passed
    """The input as a dict, where it is another kind of mapping.

    Raises:
        ActionError: `invalid_input` when it cannot be read.
    """
    if not isinstance(input, Mapping):
        return input
    try:
        return dict(input)
    except BaseException as error:
        reraise_interrupt(error)
        raise ActionError(ErrorCode.INVALID_INPUT, f"the input cannot be read: {reason_of(error)}") from None


def after_closing(error: ActionError) -> ActionError:
    """The error of a call that failed while its runtime was being closed."""
    if error.code not in (ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED):
        return error
    return ActionError(
        ErrorCode.CONNECTION_FAILED, f"{_CLOSED} during the call", retryable=False, partial_output=error.partial_output
    )
