"""The test bench: an integration whose service is a fault server, and a runtime that calls it as a host would."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from modulex_mem0.conformance.described_action import described_action
from modulex_mem0.conformance.faults import FaultServer, Reply, Request, json_reply
from modulex_mem0.conformance.kit import Kit
from modulex_mem0.conformance.listening import listening
from modulex_mem0.conformance.observed import Observed
from modulex_mem0.conformance.relocation import Given
from modulex_mem0.conformance.samples import sample_input
from modulex_mem0.conformance.watching import watched_connections
from modulex_mem0.contract import Action, CredentialField, Integration
from modulex_mem0.runtime import CredentialMapping, Result, Runtime, RuntimeSettings

__all__ = ["AnyAction", "Bench", "opened_bench"]

AnyAction = Action[Any, Any]

# Enough for a call over loopback on a busy machine, and little to wait for where a server does not answer.
_DEADLINE = 1.0
# The runtime allows a handler a second to clean up; what goes on beyond this does not end.
_GRACE = 2.0
# How long a call that was cancelled may take to end.
_PARTING = 0.5


@dataclass(slots=True, kw_only=True)
class Bench:
    """See the module.

    Attributes:
        integration: Relocated to the server.
        runtime: Calls it.
        server: Stands in for the service.
        kit: What the author told.
        credential: Made up, and easily recognised where it does not belong.
        foreign: Hosts that were asked for besides the server.
    """

    integration: Integration
    runtime: Runtime
    server: FaultServer
    kit: Kit
    credential: dict[str, str]
    foreign: list[str]

    @property
    def secret_values(self) -> list[str]:
        """The values that must never be shown."""
        return [self.credential[f.name] for f in self._fields() if f.sensitive and f.name in self.credential]

    def input_of(self, action: AnyAction) -> dict[str, Any]:
        """An input that works."""
        given = self.kit.inputs.get(action.name)
        return sample_input(described_action(action)) if given is None else dict(given)

    def good_reply(self, action: AnyAction) -> Callable[[Request], Reply]:
        """What the service answers on a good day, as far as it is known."""
        good = self.kit.replies.get(action.name, action.example.output if action.example else {})
        return lambda request: json_reply(good(request) if callable(good) else good)

    async def call(
        self,
        action: AnyAction,
        input: Mapping[str, Any] | None = None,
        *,
        answer: Reply | Callable[[Request], Reply] | None = None,
        credential: CredentialMapping | None = None,
        timeout: float = _DEADLINE,
        hear: int = logging.WARNING,
    ) -> Observed:
        """Call an action and observe it.

        Args:
            action: One of the integration's.
            input: Its example's unless told.
            answer: The server's; a good one unless told.
            credential: The made-up one unless told.
            timeout: The call's deadline.
            hear: The least level of log lines that is heard.
        """
        with listening(hear) as heard:
            call = self.start(action, input, answer=answer, credential=credential, timeout=timeout)
            try:
                await asyncio.wait({call}, timeout=timeout + _GRACE)
                ended = call.done()
            finally:
                call.cancel()
            await asyncio.wait({call}, timeout=_PARTING)
        result, raised = _outcome(call) if ended else (None, TimeoutError("the call does not end at its deadline"))
        return Observed(result=result, raised=raised, requests=list(self.server.requests), heard=heard)

    def start(
        self,
        action: AnyAction,
        input: Mapping[str, Any] | None = None,
        *,
        answer: Reply | Callable[[Request], Reply] | None = None,
        credential: CredentialMapping | None = None,
        timeout: float = _DEADLINE,
    ) -> asyncio.Task[Result]:
        """Begin a call; the arguments are those of `call`."""
        self.server.forget()
        self.server.answer = _answering(self.good_reply(action) if answer is None else answer)
        return asyncio.create_task(
            self.runtime.call(
                self.integration.name,
                action.name,
                self.input_of(action) if input is None else input,
                credential=self.credential if credential is None else credential,
                timeout=timeout,
            )
        )

    def _fields(self) -> list[CredentialField]:
        schemes = self.integration.profile.auth_schemes
        return list(schemes[0].fields) if schemes else []


def _answering(answer: Reply | Callable[[Request], Reply]) -> Callable[[Request], Reply]:
    return (lambda _: answer) if isinstance(answer, Reply) else answer


def _outcome(call: asyncio.Task[Result]) -> tuple[Result | None, BaseException | None]:
    """What a call answered, or what it raised instead."""
    if call.cancelled():
        return None, asyncio.CancelledError("the call ended as if its caller had cancelled it")
    raised = call.exception()
    return (None, raised) if raised is not None else (call.result(), None)


@asynccontextmanager
async def opened_bench(integration: Integration, kit: Kit | None = None) -> AsyncIterator[Bench]:
    """Set a bench up on the running event loop.

    Args:
        integration: As its plugin returned it.
        kit: What its author tells beyond its declarations.
    """
    kit = kit or Kit()
    async with FaultServer() as server:
        moved = _impatient(kit.relocate(integration, server.url))
        settings = RuntimeSettings(timeout=_DEADLINE, attempts=1, trust_env=False)
        with watched_connections(server.port) as foreign:
            async with Runtime(settings, plugins=[Given(moved)]) as runtime:
                schemes = moved.profile.auth_schemes
                yield Bench(
                    integration=moved,
                    runtime=runtime,
                    server=server,
                    kit=kit,
                    credential={f.name: _made_up(f, server.url) for f in schemes[0].fields if _wanted(f)}
                    if schemes
                    else {},
                    foreign=foreign,
                )


def _wanted(declared: CredentialField) -> bool:
    return (declared.required or declared.sensitive) and not declared.application


def _made_up(declared: CredentialField, url: str) -> str:
    return url if declared.kind == "url" else f"canary-{declared.name}-{secrets.token_hex(8)}"


def _impatient(integration: Integration) -> Integration:
    """A copy whose actions get no time beyond the deadline, so that a probe does not wait as long as a caller may."""
    actions = [replace(action, extra_timeout=None) for action in integration.actions.values()]
    return Integration(integration.profile, actions)
