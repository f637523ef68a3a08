"""The runtime: what a host uses to discover, show and call integrations."""

import asyncio
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from modulex_mem0.contract import Action, ActionError, ErrorCode
from modulex_mem0.runtime.call import PreparedAction, error_info
from modulex_mem0.runtime.connection_test import run_connection_test
from modulex_mem0.runtime.context import CallContext, ProgressListener, Secrets
from modulex_mem0.runtime.credentials import CredentialMapping, resolve_credential, sealed
from modulex_mem0.runtime.deadline import Deadline
from modulex_mem0.runtime.errors import (
    BrokenIntegrationError,
    RuntimeClosedError,
    UnknownActionError,
)
from modulex_mem0.runtime.http.service import Service
from modulex_mem0.runtime.http.unbound import UnboundClient
from modulex_mem0.runtime.redaction import Redactor
from modulex_mem0.runtime.registry import Registry, discover
from modulex_mem0.runtime.result import Result
from modulex_mem0.runtime.settings import RuntimeSettings
from modulex_mem0.runtime.sync import SyncLoop

if TYPE_CHECKING:
    from modulex_mem0.runtime.http.client import BoundClient
    from modulex_mem0.runtime.http.transport import Transports

__all__ = ["Runtime"]

_NOTHING_SECRET = Redactor(())


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
        #: What is installed, by name; `integrations.failures` tells what failed to load and why.
        self.integrations: Registry = discover(plugins)
        self._prepared: dict[tuple[str, str], PreparedAction] = {}
        self._lazy_transports: Transports | None = None
        self._lock = threading.Lock()
        self._sync = SyncLoop()
        self._closed = False

    async def call(
        self,
        integration: str,
        action: str,
        input: Mapping[str, Any],
        *,
        credential: CredentialMapping | None = None,
        timeout: float | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """Validate the input, run the action, validate its output.

        Args:
            integration: The name of an installed integration.
            action: The name of one of its actions.
            input: The action's parameters.
            credential: By field name; None reads the environment variables that the manifest names.
            timeout: Seconds for this call instead of the settings' deadline.
            on_progress: Told how far a long call is.

        Returns:
            A result whose output satisfies the action's output schema, whatever went wrong.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
            UnknownActionError: The integration has no such action.
            BrokenIntegrationError: The integration's own code or schemas cannot be used.
            RuntimeClosedError: The runtime was closed.
        """
        credential = sealed(credential)
        self._check_open()
        await self._load_aside(integration)
        prepared = self._prepare(integration, action)
        redactor = _NOTHING_SECRET
        try:
            resolved = resolve_credential(self.integrations[integration].profile, credential)
            redactor = resolved.redactor if resolved else redactor
            service = resolved.service() if resolved else None
            checked = prepared.check_input(input)
            seconds = _positive(timeout, self.settings.timeout) + prepared.extra_timeout(checked)
        except ActionError as error:
            return prepared.fail(error, redactor)
        except Exception as error:
            return prepared.defect(f"{type(error).__name__} in the check of the input", redactor)
        deadline = Deadline(seconds)
        http = self._client(service, deadline, safe_to_retry=prepared.action.hints.safe_to_retry)
        values, scheme = (resolved.values, resolved.scheme) if resolved else ({}, None)
        context = CallContext(Secrets(values), http, deadline, on_progress, scheme)
        return await prepared.run(context, checked, http, redactor)

    def failed(self, integration: str, action: str, error: ActionError) -> Result:
        """The result of a call that a host refuses itself; its output satisfies the action's schema too.

        Raises:
            UnknownIntegrationError, UnknownActionError, BrokenIntegrationError: As `call`.
        """
        return self._prepare(integration, action).fail(error, _NOTHING_SECRET)

    def call_sync(
        self,
        integration: str,
        action: str,
        input: Mapping[str, Any],
        *,
        credential: CredentialMapping | None = None,
        timeout: float | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """`call` for synchronous code, from any thread; `on_progress` is called on the runtime's own thread."""
        credential = sealed(credential)
        self._check_open()
        return self._sync.run(
            lambda: self.call(
                integration, action, input, credential=credential, timeout=timeout, on_progress=on_progress
            )
        )

    async def test_credential(
        self, integration: str, *, credential: CredentialMapping | None = None, timeout: float | None = None
    ) -> Result:
        """Run the connection test of the credential's scheme.

        Returns:
            A result whose output holds `success` and `error` alone. `unsupported` where the scheme has no test.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
            RuntimeClosedError: The runtime was closed.
        """
        credential = sealed(credential)
        self._check_open()
        await self._load_aside(integration)
        profile = self.integrations[integration].profile
        redactor = _NOTHING_SECRET
        try:
            resolved = resolve_credential(profile, credential)
            if resolved is None or resolved.scheme.connection_test is None:
                raise ActionError(ErrorCode.UNSUPPORTED, f"{profile.display_name} declares no connection test")
            redactor = resolved.redactor
            deadline = Deadline(_positive(timeout, self.settings.timeout))
            await run_connection_test(
                resolved.scheme.connection_test,
                resolved,
                lambda service: self._client(service, deadline, safe_to_retry=True),
            )
        except ActionError as error:
            info = error_info(error, redactor, safe_to_retry=True)
            return Result(success=False, output={"success": False, "error": info.line}, error=info)
        return Result(success=True, output={"success": True, "error": None})

    def test_credential_sync(
        self, integration: str, *, credential: CredentialMapping | None = None, timeout: float | None = None
    ) -> Result:
        """`test_credential` for synchronous code, from any thread."""
        credential = sealed(credential)
        self._check_open()
        return self._sync.run(lambda: self.test_credential(integration, credential=credential, timeout=timeout))

    async def aclose(self) -> None:
        """Close all connections. Calls still in flight end with an error; later calls raise `RuntimeClosedError`.

        Connections belong to their event loop: those of another loop are closed when that loop ends.
        """
        self._closed = True
        await asyncio.to_thread(self._close_sync_loop)
        if self._lazy_transports is not None:
            await self._lazy_transports.aclose()

    def close(self) -> None:
        """`aclose` for synchronous code: closes the connections of synchronous calls."""
        self._closed = True
        self._close_sync_loop()

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

    def _close_sync_loop(self) -> None:
        if self._sync.started and self._lazy_transports is not None:
            with suppress(RuntimeClosedError):
                self._sync.run(self._lazy_transports.aclose)
        self._sync.close()

    async def _load_aside(self, integration: str) -> None:
        """Load what is deferred in a thread, since other tasks can go on while it is imported."""
        if self.integrations.is_deferred(integration):
            with suppress(Exception):
                # Whatever it raises is raised again, and told, where it is looked up.
                await asyncio.to_thread(lambda: self.integrations[integration].actions)

    def _prepare(self, integration: str, action: str) -> PreparedAction:
        prepared = self._prepared.get((integration, action))
        if prepared is None:
            found = self.integrations[integration]
            try:
                actions: Mapping[str, Action[Any, Any]] = found.actions
            except (Exception, SystemExit) as error:
                raise BrokenIntegrationError(integration, "its actions", error) from error
            if action not in actions:
                raise UnknownActionError(integration, action, actions)
            try:
                prepared = PreparedAction(actions[action])
            except Exception as error:
                raise BrokenIntegrationError(integration, f"the schemas of {action}", error) from error
            self._prepared[integration, action] = prepared
        return prepared

    def _client(
        self, service: Service | None, deadline: Deadline, *, safe_to_retry: bool
    ) -> "BoundClient | UnboundClient":
        if service is None:
            return UnboundClient()
        # httpx is imported here, at the first call: a host that only lists integrations does not pay for it.
        from modulex_mem0.runtime.http.client import BoundClient  # noqa: PLC0415

        transports = self._lazy_transports or self._make_transports()
        return BoundClient(transports, self.settings, service, deadline, safe_to_retry=safe_to_retry)

    def _make_transports(self) -> "Transports":
        from modulex_mem0.runtime.http.transport import Transports  # noqa: PLC0415 - httpx, as above

        with self._lock:
            if self._lazy_transports is None:
                self._lazy_transports = Transports(self.settings)
            return self._lazy_transports


def _positive(timeout: float | None, default: float) -> float:
    if timeout is None:
        return default
    # A flow may carry the number as text.
    given: object = timeout
    if not isinstance(given, int | float) or not given > 0:
        raise ActionError(ErrorCode.INVALID_INPUT, "timeout: must be a number of seconds greater than 0")
    return timeout
