"""The runtime: what a host uses to discover integrations, call their actions and test credentials."""

import asyncio
import atexit
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet, finalize

from modulex_mem0.contract import Action, ActionError, ErrorCode, Integration
from modulex_mem0.runtime.bound import BoundIntegration
from modulex_mem0.runtime.call import Call, PreparedAction, Result, allowed_seconds, error_info
from modulex_mem0.runtime.connection_test import run_connection_test
from modulex_mem0.runtime.context import ProgressListener
from modulex_mem0.runtime.credentials import CredentialMapping, ResolvedCredential
from modulex_mem0.runtime.errors import (
    BrokenIntegrationError,
    RuntimeClosedError,
    UnknownActionError,
    reraise_interrupt,
)
from modulex_mem0.runtime.process import ProcessState
from modulex_mem0.runtime.redaction import NO_SECRETS
from modulex_mem0.runtime.registry import Registry, discover
from modulex_mem0.runtime.settings import RuntimeSettings
from modulex_mem0.runtime.stored_credentials import prepare_credential
from modulex_mem0.runtime.telemetry import CALLS, OPENTELEMETRY, is_observed, observe

__all__ = ["Runtime"]

# A synchronous call waits this many seconds longer than its deadline: in that time its handler is stopped.
_MARGIN = 2.0
# How long the end of a process may wait for the threads of all its runtimes, in seconds.
_EXIT = 3.0


class Runtime:
    """Discovers the installed integrations and calls their actions.

    One runtime may be used from many tasks, threads and event loops; each event loop has its own pool of connections.
    Use it as an async or a sync context manager, or close it with `aclose` or `close`.

    Args:
        settings: Limits; the defaults suit most hosts.
        plugins: Objects with hook implementations that are not installed as entry points.

    Example:
        ```python
        async with Runtime() as runtime:
            result = await runtime.call(
                "mem0", "search_memories", {"user_id": "alice", "query": "food"}, credential={"api_key": "m0-…"}
            )
        ```
    """

    def __init__(self, settings: RuntimeSettings | None = None, *, plugins: Iterable[object] = ()) -> None:
        self.settings = settings or RuntimeSettings()
        #: What is installed, by name; `integrations.failures` lists what failed to load, and why.
        self.integrations: Registry = discover(plugins)
        self._prepared: dict[tuple[str, str], PreparedAction] = {}
        self._closed = False
        self._begin_process()
        _runtimes.add(self)

    async def call(
        self,
        integration: str,
        action: str,
        input: Mapping[str, Any],
        *,
        credential: CredentialMapping | ResolvedCredential | str | None = None,
        timeout: float | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """Validate the input, run the action, validate its output.

        Args:
            integration: The name of an installed integration.
            action: The name of one of its actions.
            input: The action's parameters.
            credential: By field name; or the name of a stored one; None reads the environment variables that the
                manifest names.
            timeout: Seconds for this call instead of the settings' deadline.
            on_progress: Called with the progress of a long call.

        Returns:
            A result whose output satisfies the action's output schema, whatever went wrong.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
            UnknownActionError: The integration has no such action.
            BrokenIntegrationError: The integration's own code or schemas cannot be used.
            RuntimeClosedError: The runtime was closed.
        """
        if isinstance(credential, ResolvedCredential):
            hidden = credential
        else:
            # The frame keeps nothing of what was given.
            credential = hidden = prepare_credential(integration, credential)
        self._check_open()
        try:
            prepared = self._prepared.get((integration, action))
        except TypeError:
            # A list, say, which the look-ups below refuse.
            prepared = None
        if prepared is None:
            if self.integrations.is_deferred(integration):
                await self._load_in_thread(integration)
            prepared = self._prepare(integration, action)
        name = (integration, action)
        return await self._run(Call(prepared), name, input, hidden, timeout=timeout, on_progress=on_progress)

    def bind(self, integration: str, *, credential: CredentialMapping | str | None = None) -> BoundIntegration:
        """Bind an integration to a credential, for many calls: what depends on the credential alone is done once.

        Args:
            integration: The name of an installed integration.
            credential: By field name; or the name of a stored one, read at the first call; None reads, then too, the
                environment variables that the manifest names.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
            RuntimeClosedError: The runtime was closed.
        """
        # The frame keeps nothing of what was given.
        credential = hidden = prepare_credential(integration, credential)
        self._check_open()
        if not self.integrations.is_deferred(integration):
            self.integrations[integration]
        return BoundIntegration(self, integration, hidden)

    async def loaded(self, integration: str) -> Integration:
        """An integration, imported in a thread if it is lazy, so that other tasks can run meanwhile.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
        """
        await self._load_in_thread(integration)
        return self.integrations[integration]

    def failed(self, integration: str, action: str, error: ActionError) -> Result:
        """The result of a call that the host itself refuses; its output satisfies the action's schema too.

        Raises:
            UnknownIntegrationError, UnknownActionError, BrokenIntegrationError: As `call`.
        """
        return Call(self._prepare(integration, action)).failure(error)

    def call_sync(
        self,
        integration: str,
        action: str,
        input: Mapping[str, Any],
        *,
        credential: CredentialMapping | ResolvedCredential | str | None = None,
        timeout: float | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """`call` for synchronous code, from any thread; `on_progress` is called on the runtime's own thread.

        It returns at most two seconds after the call's deadline, whatever blocks that thread.

        Raises:
            RuntimeClosedError: Also when the interpreter is ending.
            RuntimeUsageError: As `call`; also when it is called on the runtime's own thread.
        """
        # The frame keeps nothing of what was given.
        credential = hidden = prepare_credential(integration, credential)
        self._check_open()
        begun: list[Call] = []

        async def run() -> Result:
            if self.integrations.is_deferred(integration):
                await self._load_in_thread(integration)
            begun.append(call := Call(self._prepare(integration, action)))
            return await self._run(call, (integration, action), input, hidden, timeout=timeout, on_progress=on_progress)

        return self._wait(run, timeout, begun)

    async def test_credential(
        self, integration: str, *, credential: CredentialMapping | str | None = None, timeout: float | None = None
    ) -> Result:
        """Run the connection test of the credential's scheme.

        Returns:
            A result whose output holds `success` and `error` alone. `unsupported` where the scheme has no test.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
            RuntimeClosedError: The runtime was closed.
        """
        # The frame keeps nothing of what was given.
        credential = hidden = prepare_credential(integration, credential)
        self._check_open()
        if self.integrations.is_deferred(integration):
            await self._load_in_thread(integration)
        return await run_connection_test(
            self.integrations[integration].profile,
            hidden,
            timeout=timeout,
            default_timeout=self.settings.timeout,
            deadlines=self._state.deadlines,
            connect=self._state.connect,
        )

    def test_credential_sync(
        self, integration: str, *, credential: CredentialMapping | str | None = None, timeout: float | None = None
    ) -> Result:
        """`test_credential` for synchronous code, from any thread."""
        # The frame keeps nothing of what was given.
        credential = hidden = prepare_credential(integration, credential)
        self._check_open()
        return self._wait(lambda: self.test_credential(integration, credential=hidden, timeout=timeout), timeout, [])

    async def aclose(self) -> None:
        """Close all connections. Calls still in flight end with an error; later calls raise `RuntimeClosedError`.

        Nothing is sent from now on. Connections belong to their event loop: those of another loop are closed when that
        loop ends, and what was sent there before may still be answered.
        """
        self._closed = True
        await self._state.aclose()

    def close(self) -> None:
        """`aclose` for synchronous code: closes the connections of synchronous calls."""
        self._closed = True
        self._state.close()
        self._state.sync.join()

    async def __aenter__(self) -> Self:
        self._check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeClosedError("the runtime is closed; make a new one")

    def _begin_process(self) -> None:
        self._state = ProcessState(self.settings)
        # A runtime that nobody closed. At the end of the process there is another hook, which waits.
        self._finalizer = finalize(self, self._state.release)
        self._finalizer.atexit = False

    def _after_fork(self) -> None:
        """Begin again in a forked child. What the parent still uses must not be closed here, nor collected."""
        _abandoned.append(self._state)
        self._finalizer.detach()
        self._begin_process()
        self.integrations.after_fork()

    def _wait(self, function: Callable[[], Awaitable[Result]], timeout: float | None, begun: list[Call]) -> Result:
        """Run a call on the thread of synchronous calls, and wait for it as long as it may take.

        Args:
            function: Makes the call.
            timeout: Its own, if it has one.
            begun: Will hold the call once it has begun.
        """
        started = time.monotonic()
        try:
            allowed = allowed_seconds(timeout, self.settings.timeout)
        except ActionError:
            # The call itself refuses it.
            allowed = self.settings.timeout

        def seconds_left() -> float:
            asked = begun[0].extra_seconds if begun else 0.0
            return allowed + asked + _MARGIN - (time.monotonic() - started)

        try:
            return self._state.sync.run(function, seconds_left)
        except TimeoutError:
            if begun:
                return begun[0].unanswered()
            return _failed_early(ErrorCode.TIMEOUT, "the call had not begun at its deadline; nothing was sent")
        except OSError as error:
            return _failed_early(ErrorCode.CONNECTION_FAILED, f"no event loop can be started: {error}")

    def _run(
        self,
        call: Call,
        name: tuple[str, str],
        input: Mapping[str, Any],
        credential: CredentialMapping | ResolvedCredential | None,
        *,
        timeout: float | None,
        on_progress: ProgressListener | None,
    ) -> Awaitable[Result]:
        running = call.run(
            credential,
            input,
            timeout=timeout,
            default_timeout=self.settings.timeout,
            deadlines=self._state.deadlines,
            connect=self._state.connect,
            on_progress=on_progress,
        )
        # Nearly always neither, and then nothing more is spent on it.
        if (CALLS.isEnabledFor(logging.INFO) or OPENTELEMETRY in sys.modules) and is_observed():
            return observe(*name, running, call.retries)
        return running

    async def _load_in_thread(self, integration: str) -> None:
        """Load a lazy integration in a thread, so that other tasks can run while it is imported."""
        # It cannot be done at the end of the interpreter, which starts no threads.
        with suppress(RuntimeError):
            await asyncio.to_thread(self._load, integration)

    def _load(self, integration: str) -> None:
        try:
            _ = self.integrations[integration].actions
        except BaseException as error:
            # Whatever it raises is raised again where the integration is looked up.
            reraise_interrupt(error)

    def _prepare(self, integration: str, action: str) -> PreparedAction:
        try:
            prepared = self._prepared.get((integration, action))
        except TypeError:
            # A list, say, which the look-ups below refuse.
            prepared = None
        if prepared is None:
            found = self.integrations[integration]
            try:
                actions: Mapping[str, Action[Any, Any]] = found.actions
            except BaseException as error:
                reraise_interrupt(error)
                raise BrokenIntegrationError(integration, "its actions", error) from error
            given: Any = action
            if not isinstance(given, str) or given not in actions:
                raise UnknownActionError(integration, action, actions)
            try:
                prepared = PreparedAction(actions[action], found.profile, self.settings.max_input_values)
            except BaseException as error:
                reraise_interrupt(error)
                raise BrokenIntegrationError(integration, f"the schemas of {action}", error) from error
            self._prepared[integration, action] = prepared
        return prepared


def _failed_early(code: ErrorCode, message: str) -> Result:
    """The result of a call that ended before its action was known: `success` and `error` satisfy any output schema."""
    info = error_info(ActionError(code, message), NO_SECRETS, safe_to_retry=True)
    return Result(success=False, output={"success": False, "error": info.line}, error=info)


# All runtimes of this process.
_runtimes: WeakSet[Runtime] = WeakSet()
# What a forked child must neither use nor let go: closing it would take the parent's sockets off the event loop that
# parent and child share.
_abandoned: list[object] = []


def _after_fork() -> None:
    for runtime in list(_runtimes):
        runtime._after_fork()  # noqa: SLF001 - this module's own class


def _at_exit() -> None:
    """Close what was left open: a daemon thread would be stopped in the middle, and its sockets would warn."""
    runtimes = list(_runtimes)
    for runtime in runtimes:
        runtime._state.close()  # noqa: SLF001 - this module's own class
    end = time.monotonic() + _EXIT
    for runtime in runtimes:
        runtime._state.sync.join(max(0.0, end - time.monotonic()))  # noqa: SLF001 - this module's own class


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
