"""What the page, the REST API and MCP share: the runtime, the stored credentials and the record of runs."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from modulex_mem0.contract import Integration
from modulex_mem0.runtime import (
    BrokenIntegrationError,
    ProgressListener,
    Result,
    Runtime,
    StoredCredentials,
    UnknownIntegrationError,
)
from modulex_mem0.server.requests import CallCredential
from modulex_mem0.server.runs import Run, RunLog
from modulex_mem0.server.settings import ServerSettings

__all__ = ["Console"]


class Console:
    """The parts of one server.

    Attributes:
        settings: The server's.
        runtime: Calls the actions; the caller closes it.
        credentials: The stored ones.
        runs: The record of calls.
    """

    def __init__(self, settings: ServerSettings, runtime: Runtime) -> None:
        self.settings = settings
        self.runtime = runtime
        self.credentials = StoredCredentials(settings.directory)
        self.runs = RunLog(settings.directory, record_inputs=settings.record_inputs)
        self._prepared: set[str] = set()

    async def integration(self, name: str) -> Integration:
        """An integration. Its code is imported and its manifest derived in a thread, so that nothing else waits.

        Raises:
            UnknownIntegrationError: Nothing of that name is installed, or it failed to load; the message says why.
            BrokenIntegrationError: Its manifest or its actions cannot be loaded.
        """
        if name not in self._prepared:
            await asyncio.to_thread(self._prepare, name)
        registry = self.runtime.integrations
        if name not in registry:
            reason = next((failure.reason for failure in registry.failures if failure.name == name), None)
            raise UnknownIntegrationError(name, registry, reason)
        found = registry[name]
        try:
            _ = found.manifest
        except (Exception, SystemExit) as error:
            raise BrokenIntegrationError(name, "its manifest", error) from error
        return found

    def _prepare(self, name: str) -> None:
        # What is raised here is raised again by what is looked at later, which reports it.
        with suppress(Exception, SystemExit):
            found = self.runtime.integrations[name]
            _ = found.manifest, found.actions
            self._prepared.add(name)

    async def call(
        self,
        integration: str,
        action: str,
        input: Mapping[str, Any],
        credential: CallCredential,
        *,
        source: str,
        timeout: float | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """`Runtime.call`, recorded as a run, also when it is cancelled."""
        started, clock = time.time(), time.perf_counter()
        outcome = "cancelled"
        try:
            result = await self.runtime.call(
                integration, action, input, credential=credential.value, timeout=timeout, on_progress=on_progress
            )
            outcome = "success" if result.error is None else result.error.code.value
            return result
        finally:
            self.runs.add(
                Run(
                    integration=integration,
                    action=action,
                    started=started,
                    seconds=time.perf_counter() - clock,
                    outcome=outcome,
                    credential=credential.name,
                    source=source,
                    input=input,
                )
            )
