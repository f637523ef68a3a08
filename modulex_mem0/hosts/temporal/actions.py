"""The activity `call_action`, through which any Temporal workflow calls any action."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from modulex_mem0.contract import ActionError, ErrorCode, ErrorInfo
from modulex_mem0.hosts.temporal.heartbeats import heartbeats, previous_details
from modulex_mem0.runtime import (
    CredentialMapping,
    CredentialStoreError,
    Progress,
    Runtime,
    RuntimeClosedError,
    RuntimeUsageError,
    StoredCredentials,
)

__all__ = ["CALL_ACTION", "ActionActivities", "application_error", "named_credential"]

#: The name of the activity.
CALL_ACTION = "call_action"

# The runtime stops a handler one and a half seconds after its deadline at the latest, and the result has to be sent.
_MARGIN = 2.0
# What the advice of `rate_limited` says about a service that does not say how long to wait. Seconds.
_RATE_LIMIT_DELAY = 60.0


class ActionActivities:
    """The activity that calls actions, for a worker's `activities`.

    Args:
        runtime: Makes the calls; the caller closes it after the worker has ended.
        credentials: The stored credentials that workflows name; by default those of `data_directory()`.

    Example:
        ```python
        async with Runtime() as runtime:
            await Worker(client, task_queue="memory", activities=[ActionActivities(runtime).call_action]).run()
        ```
    """

    def __init__(self, runtime: Runtime, credentials: StoredCredentials | None = None) -> None:
        self._runtime = runtime
        self._credentials = credentials or StoredCredentials()

    # A wrong type is refused here, for good. Annotations would have Temporal try again for ever.
    @activity.defn(name=CALL_ACTION)
    async def call_action(
        self,
        integration: Any = None,  # noqa: ANN401 - see above
        action: Any = None,  # noqa: ANN401
        input: Any = None,  # noqa: ANN401
        credential_name: Any = None,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Call an action.

        One that is not safe to retry is sent again only where no earlier attempt can have changed anything.

        Args:
            integration: The name of an integration that is installed where the worker runs.
            action: The name of one of its actions.
            input: The action's parameters, an object.
            credential_name: A credential that is stored where the worker runs. None for the integration's default one,
                or else the environment variables that its manifest names.

        Returns:
            The output of the action.

        Raises:
            ApplicationError: The call failed. Its type is the error code. Its details are the error (`code`, `message`,
                `retryable`, `retry_after` in seconds, `http_status`) and the output, which may hold parts that are
                known despite the failure. It is retryable where repeating the call does no harm.
        """
        attempt = _Attempt()
        try:
            credential = named_credential(self._credentials, integration, credential_name)
            if not await self._is_safe_to_retry(integration, action):
                attempt.refuse_unknown_outcome()
            async with heartbeats(attempt.details):
                result = await self._runtime.call(
                    integration,
                    action,
                    input,
                    credential=credential,
                    timeout=_timeout(self._runtime.settings.timeout),
                    on_progress=attempt.report,
                )
        except ActionError as error:
            raise application_error(ErrorInfo(error.code, error.message)) from None
        except RuntimeClosedError as error:
            # The worker is about to end, and nothing was sent.
            attempt.changed_nothing()
            raise application_error(ErrorInfo(ErrorCode.CONNECTION_FAILED, str(error), retryable=True)) from None
        except RuntimeUsageError as error:
            raise application_error(ErrorInfo(ErrorCode.UNSUPPORTED, str(error))) from None
        if result.error is not None:
            if result.error.retryable:
                attempt.changed_nothing()
            raise application_error(result.error, result.output)
        return result.output

    async def _is_safe_to_retry(self, integration: Any, action: Any) -> bool:  # noqa: ANN401 - whatever a workflow passed
        loaded = await self._runtime.loaded(integration)
        try:
            return loaded.actions[action].hints.safe_to_retry
        except Exception:
            # The call says what is wrong with the action.
            return False


class _Attempt:
    """One attempt of an activity, and what its heartbeats say about it to the next one.

    The server repeats an activity whose worker died, and that worker may have sent its request. An attempt that ended
    by itself, and that another may safely follow, says so with its last heartbeat; Temporal's client sends that one
    before it reports the failure.
    """

    def __init__(self) -> None:
        self._number = activity.info().attempt
        self._unchanged = False
        self._message: str | None = None

    def details(self) -> dict[str, Any]:
        """What a heartbeat carries. The server shows it for pending activities."""
        return {"attempt": self._number, "unchanged": self._unchanged, "progress": self._message}

    def report(self, progress: Progress) -> None:
        """Let the next heartbeat carry a message of the action."""
        self._message = progress.message

    def changed_nothing(self) -> None:
        """Record that another attempt does no harm."""
        self._unchanged = True
        activity.heartbeat(self.details())

    def refuse_unknown_outcome(self) -> None:
        """End the activity if an earlier attempt may have changed something.

        Raises:
            ActionError: `outcome_unknown`.
        """
        if self._number == 1:
            return
        previous = previous_details()
        if previous.get("attempt") == self._number - 1 and previous.get("unchanged") is True:
            return
        raise ActionError(
            ErrorCode.OUTCOME_UNKNOWN,
            f"attempt {self._number - 1} ended without a report, because its worker stopped or its time ran out; the"
            " action is not safe to retry, and that attempt may have carried it out",
        )


def named_credential(
    credentials: StoredCredentials,
    integration: Any,  # noqa: ANN401 - whatever a workflow passed
    name: Any,  # noqa: ANN401
) -> CredentialMapping | None:
    """The stored credential of a name; without one the default of the integration, else None: the environment's.

    Raises:
        ActionError: `invalid_input` for what is no name. `missing_credential` if the default one cannot be read; that a
            name is not stored is reported by the call.
    """
    if name is None:
        try:
            name = credentials.default_for(integration)
        except CredentialStoreError as error:
            # The environment's may be another account's, so it does not stand in for a default that cannot be read.
            raise ActionError(ErrorCode.MISSING_CREDENTIAL, f"credential: {error}") from None
        return None if name is None else credentials.credential(name, integration)
    if not isinstance(name, str) or not name.strip():
        # Not the default: a variable of the workflow may have turned out empty.
        raise ActionError(
            ErrorCode.INVALID_INPUT,
            "credential_name: must be the name of a stored credential, or null for the default one; a key does not"
            " belong in a history",
        )
    return credentials.credential(name.strip(), integration)


def application_error(error: ErrorInfo, *details: Any) -> ApplicationError:  # noqa: ANN401 - any JSON
    """An error as Temporal's: its type is the code, and it is retryable, and when, as the error says.

    Args:
        error: What went wrong.
        *details: Follow the error in the details of the result.
    """
    delay = error.retry_after
    if delay is None and error.code is ErrorCode.RATE_LIMITED:
        delay = _RATE_LIMIT_DELAY
    return ApplicationError(
        error.message,
        asdict(error),
        *details,
        type=error.code.value,
        non_retryable=not error.retryable,
        next_retry_delay=timedelta(seconds=delay) if error.retryable and delay is not None else None,
    )


def _timeout(default: float) -> float:
    """Seconds for the call, so that it ends by itself before the server gives up this attempt."""
    allowed = activity.info().start_to_close_timeout
    if allowed is None:
        return default
    seconds = allowed.total_seconds()
    return min(default, max(seconds - _MARGIN, seconds / 2))
