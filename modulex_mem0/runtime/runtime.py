"""The runtime: what a host uses to discover integrations, call their actions and test credentials."""

import asyncio
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from modulex_mem0.contract import Action, ActionError
from modulex_mem0.runtime.call import Call, PreparedAction, Result
from modulex_mem0.runtime.connection_test import run_connection_test
from modulex_mem0.runtime.context import Deadline, ProgressListener
from modulex_mem0.runtime.credentials import CredentialMapping, Service, hide_credential
from modulex_mem0.runtime.errors import BrokenIntegrationError, RuntimeClosedError, UnknownActionError
from modulex_mem0.runtime.registry import Registry, discover
from modulex_mem0.runtime.settings import RuntimeSettings
from modulex_mem0.runtime.sync import SyncLoop

if TYPE_CHECKING:
    from modulex_mem0.runtime.http import Pools, ServiceClient

__all__ = ["Runtime"]


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
        self._pools: Pools | None = None
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
            on_progress: Called with the progress of a long call.

        Returns:
            A result whose output satisfies the action's output schema, whatever went wrong.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
            UnknownActionError: The integration has no such action.
            BrokenIntegrationError: The integration's own code or schemas cannot be used.
            RuntimeClosedError: The runtime was closed.
        """
        credential = hide_credential(credential)
        self._check_open()
        await self._load_in_thread(integration)
        return await Call(self._prepare(integration, action)).run(
            self.integrations[integration].profile,
            credential,
            input,
            timeout=timeout,
            default_timeout=self.settings.timeout,
            connect=self._connect,
            on_progress=on_progress,
        )

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
        credential: CredentialMapping | None = None,
        timeout: float | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """`call` for synchronous code, from any thread; `on_progress` is called on the runtime's own thread."""
        credential = hide_credential(credential)
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
        credential = hide_credential(credential)
        self._check_open()
        await self._load_in_thread(integration)
        return await run_connection_test(
            self.integrations[integration].profile,
            credential,
            timeout=timeout,
            default_timeout=self.settings.timeout,
            connect=self._connect,
        )

    def test_credential_sync(
        self, integration: str, *, credential: CredentialMapping | None = None, timeout: float | None = None
    ) -> Result:
        """`test_credential` for synchronous code, from any thread."""
        credential = hide_credential(credential)
        self._check_open()
        return self._sync.run(lambda: self.test_credential(integration, credential=credential, timeout=timeout))

    async def aclose(self) -> None:
        """Close all connections. Calls still in flight end with an error; later calls raise `RuntimeClosedError`.

        Connections belong to their event loop: those of another loop are closed when that loop ends.
        """
        self._closed = True
        await asyncio.to_thread(self._close_sync_loop)
        if self._pools is not None:
            await self._pools.aclose()

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
        if self._sync.started and self._pools is not None:
            with suppress(RuntimeClosedError):
                self._sync.run(self._pools.aclose)
        self._sync.close()

    async def _load_in_thread(self, integration: str) -> None:
        """Load a lazy integration in a thread, so that other tasks can run while it is imported."""
        if self.integrations.is_deferred(integration):
            with suppress(Exception):
                # Whatever it raises is raised again where the integration is looked up.
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

    def _connect(self, service: Service, deadline: Deadline, *, safe_to_retry: bool) -> "ServiceClient":
        # The HTTP room is imported at the first call: httpx takes 65 ms, which listing integrations need not pay.
        from modulex_mem0.runtime.http import Pools, ServiceClient  # noqa: PLC0415

        pools = self._pools
        if pools is None:
            with self._lock:
                pools = self._pools = self._pools or Pools(self.settings)
        return ServiceClient(pools, self.settings, service, deadline, safe_to_retry=safe_to_retry)
