"""The testbed of the probes: a runtime calls an integration, and a fault server stands in for its service."""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar, TypeVar

from modulex_mem0.conformance.capture import LogCapture, capture_output, guard_connections
from modulex_mem0.conformance.fault_server import FaultServer, Reply, Request, json_reply
from modulex_mem0.conformance.samples import sample_input
from modulex_mem0.contract import Action, ActionManifest, CredentialField, Integration, hookimpl
from modulex_mem0.runtime import CredentialMapping, Result, Runtime, RuntimeSettings

__all__ = [
    "AnyAction",
    "CallRecord",
    "ServiceFixture",
    "StaticPlugin",
    "Testbed",
    "bounded_loop",
    "described_action",
    "open_testbed",
    "relocated",
    "run",
]

T = TypeVar("T")
AnyAction = Action[Any, Any]

# Enough for a call over loopback on a busy machine, and short where a server does not answer.
_TIMEOUT = 1.0
# The runtime allows a handler a second to clean up; a call that takes longer than this does not end by itself.
_GRACE = 2.0
# How long a call may take to end once it was cancelled.
_CANCELLATION = 0.5
# `asyncio.run` waits for ever for a task that ignores its cancellation.
_LOOP_CLOSING = 1.0


def relocated(integration: Integration, url: str) -> Integration:
    """A copy whose requests go to a URL. Its name differs, since the original is installed beside it.

    A handler asks for paths and its client adds the base URL, so this works for every integration that sends its
    requests through `context.http`.
    """
    schemes = tuple(
        scheme.model_copy(update={"base_url": url} if scheme.base_url else {})
        for scheme in integration.profile.auth_schemes
    )
    profile = integration.profile.model_copy(update={"name": f"{integration.name}_under_test", "auth_schemes": schemes})
    return Integration(profile, integration.actions.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFixture:
    """What an author adds to the declarations for the tests of an integration. All of it is optional.

    Attributes:
        replies: What the service replies to the example of an action when all is well: a JSON value, or a function from
            a request to one. With it the probes reach deeper.
        inputs: Inputs that work, for actions that declare no example.
        owner: The parameter that names whose data an action works on. With it the boundary between users is probed.
        relocate: Makes a copy of the integration whose requests go to a URL, for one that does not use `context.http`.
    """

    replies: Mapping[str, Any | Callable[[Request], Any]] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    owner: str | None = None
    relocate: Callable[[Integration, str], Integration] = relocated


class StaticPlugin:
    """A plugin that is passed to a runtime instead of being installed."""

    def __init__(self, *integrations: Integration) -> None:
        self._integrations = integrations

    @hookimpl
    def modulex_integrations(self) -> Iterable[Integration]:
        """Return the integrations that it was made with."""
        return self._integrations


@lru_cache(maxsize=256)
def described_action(action: AnyAction) -> ActionManifest:
    """The action as data, derived once: a probe asks for it hundreds of times."""
    return action.describe()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A call and everything that could be observed of it.

    Attributes:
        result: What the runtime returned; None where the call raised.
        raised: What it raised instead.
        requests: Those that arrived at the service.
        log: Log lines and printed text.
    """

    result: Result | None
    raised: BaseException | None
    requests: list[Request]
    log: LogCapture

    @property
    def code(self) -> str:
        """The error's code; empty on success."""
        return "" if self.result is None or self.result.error is None else str(self.result.error.code)

    @property
    def succeeded(self) -> bool:
        """Whether the call returned a success."""
        return self.result is not None and self.result.success

    @property
    def text(self) -> str:
        """Everything that the call made visible."""
        if self.result is None:
            return f"{self.raised!r} {self.log.text}"
        return f"{json.dumps(self.result.output)} {self.result!r} {self.log.text}"


@dataclass(slots=True, kw_only=True)
class Testbed:
    """One integration, ready to be called; made by `open_testbed`.

    Attributes:
        integration: Relocated to the server.
        runtime: Calls it.
        server: Stands in for the service.
        service: What its author declared about the service.
        credential: Made up, and easy to recognise where it does not belong.
        foreign: Hosts other than the server to which a connection was attempted.
    """

    # Not a test, though pytest would collect it for its name.
    __test__: ClassVar[bool] = False

    integration: Integration
    runtime: Runtime
    server: FaultServer
    service: ServiceFixture
    credential: dict[str, str]
    foreign: list[str]

    @property
    def secret_values(self) -> list[str]:
        """The values that must never become visible."""
        schemes = self.integration.profile.auth_schemes
        fields = schemes[0].fields if schemes else ()
        return [self.credential[f.name] for f in fields if f.sensitive and f.name in self.credential]

    def input_of(self, action: AnyAction) -> dict[str, Any]:
        """An input that works."""
        given = self.service.inputs.get(action.name)
        return sample_input(described_action(action)) if given is None else dict(given)

    def good_reply(self, action: AnyAction) -> Callable[[Request], Reply]:
        """The service's replies when all is well, as far as they are known."""
        good = self.service.replies.get(action.name, action.example.output if action.example else {})
        return lambda request: json_reply(good(request) if callable(good) else good)

    async def call(
        self,
        action: AnyAction,
        input: Mapping[str, Any] | None = None,
        *,
        answer: Reply | Callable[[Request], Reply] | None = None,
        credential: CredentialMapping | None = None,
        timeout: float = _TIMEOUT,
        log_level: int = logging.WARNING,
    ) -> CallRecord:
        """Call an action and record the call.

        Args:
            action: One of the integration's.
            input: By default that of `input_of`.
            answer: The server's; a good one by default.
            credential: The made-up one by default.
            timeout: The call's deadline, in seconds.
            log_level: The lowest level of log lines that is recorded.
        """
        with capture_output(log_level) as log:
            call = self.start(action, input, answer=answer, credential=credential, timeout=timeout)
            try:
                await asyncio.wait({call}, timeout=timeout + _GRACE)
                ended = call.done()
            finally:
                call.cancel()
            await asyncio.wait({call}, timeout=_CANCELLATION)
        result, raised = _outcome(call) if ended else (None, TimeoutError("the call does not end at its deadline"))
        return CallRecord(result=result, raised=raised, requests=list(self.server.requests), log=log)

    def start(
        self,
        action: AnyAction,
        input: Mapping[str, Any] | None = None,
        *,
        answer: Reply | Callable[[Request], Reply] | None = None,
        credential: CredentialMapping | None = None,
        timeout: float = _TIMEOUT,
    ) -> asyncio.Task[Result]:
        """Begin a call; the arguments are those of `call`."""
        chosen = self.good_reply(action) if answer is None else answer
        self.server.reset()
        self.server.answer = (lambda _: chosen) if isinstance(chosen, Reply) else chosen
        return asyncio.create_task(
            self.runtime.call(
                self.integration.name,
                action.name,
                self.input_of(action) if input is None else input,
                credential=self.credential if credential is None else credential,
                timeout=timeout,
            )
        )


def _outcome(call: asyncio.Task[Result]) -> tuple[Result | None, BaseException | None]:
    """What a call returned, or what it raised instead."""
    if call.cancelled():
        return None, asyncio.CancelledError("the call ended as if its caller had cancelled it")
    raised = call.exception()
    return (None, raised) if raised is not None else (call.result(), None)


@asynccontextmanager
async def open_testbed(integration: Integration, service: ServiceFixture | None = None) -> AsyncIterator[Testbed]:
    """Set a testbed up on the running event loop.

    Args:
        integration: As its plugin returned it.
        service: How its service behaves, where the declarations do not say it.
    """
    service = service or ServiceFixture()
    async with FaultServer() as server:
        copy = _without_extra_time(service.relocate(integration, server.url))
        schemes = copy.profile.auth_schemes
        fields = schemes[0].fields if schemes else ()
        settings = RuntimeSettings(timeout=_TIMEOUT, attempts=1, trust_env=False)
        with guard_connections(server.port) as foreign:
            async with Runtime(settings, plugins=[StaticPlugin(copy)]) as runtime:
                yield Testbed(
                    integration=copy,
                    runtime=runtime,
                    server=server,
                    service=service,
                    credential={f.name: _made_up(f, server.url) for f in fields if _is_needed(f)},
                    foreign=foreign,
                )


def _is_needed(declared: CredentialField) -> bool:
    return (declared.required or declared.sensitive) and not declared.application


def _made_up(declared: CredentialField, url: str) -> str:
    return url if declared.kind == "url" else f"canary-{declared.name}-{secrets.token_hex(8)}"


def _without_extra_time(integration: Integration) -> Integration:
    """A copy whose actions end at the deadline, so that a probe does not wait as long as a caller may."""
    actions = [replace(action, extra_timeout=None) for action in integration.actions.values()]
    return Integration(integration.profile, actions)


@contextmanager
def bounded_loop() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Yield a function that runs coroutines, all on one event loop.

    The loop is closed at the end, even if tasks are left that ignore their cancellation.
    """
    loop = asyncio.new_event_loop()
    try:
        yield loop.run_until_complete
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=_LOOP_CLOSING))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own."""
    with bounded_loop() as run_on_loop:
        result: T = run_on_loop(main)
        return result
