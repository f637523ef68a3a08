"""The destination: the integration's actions that an import calls, and what their failures mean for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from modulex_mem0.bulk_import.rate import Rate
from modulex_mem0.contract import Action, ErrorCode, ErrorInfo
from modulex_mem0.runtime import CredentialMapping, Result, Runtime

__all__ = [
    "CHUNK_TAG",
    "JOB_TAG",
    "KEY_TAG",
    "CallFailedError",
    "Destination",
    "DestinationUnavailableError",
    "Effect",
    "EventState",
    "Found",
    "ImportStoppedError",
    "Scope",
    "chunk_tag",
]

#: The keys of the metadata that rows travel with.
KEY_TAG, CHUNK_TAG, JOB_TAG = "import_key", "import_chunk", "import_job"
# The actions that an integration needs to be imported into.
_ACTIONS = ("add_memories", "get_memories", "list_events", "get_event", "delete_memories", "check_connection")
_PAGE = 200
# Longer than a single request takes: a list may have many pages.
_LIST_TIMEOUT = 120.0
_ADD_TIMEOUT = 60.0
# How far the service's clock may be behind this machine's, in seconds, and what is kept clear of in any case.
_LARGEST_LAG, _SMALLEST_LAG = 300.0, 2.0
# All later calls fail as well.
_STOPPING = frozenset({
    ErrorCode.MISSING_CREDENTIAL, ErrorCode.UNAUTHORIZED, ErrorCode.FORBIDDEN, ErrorCode.QUOTA_EXCEEDED,
    ErrorCode.NOT_FOUND, ErrorCode.UNSUPPORTED,
})  # fmt: skip
_NOT_CARRIED_OUT = frozenset({ErrorCode.RATE_LIMITED, ErrorCode.CONNECTION_FAILED, ErrorCode.TIMEOUT})
_UNCERTAIN = frozenset({ErrorCode.OUTCOME_UNKNOWN, ErrorCode.SERVICE_ERROR, ErrorCode.BAD_RESPONSE})


class ImportStoppedError(Exception):
    """The import cannot go on until somebody changes something, such as the credential; what was sent is kept.

    Attributes:
        error: The failure of the call.
    """

    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(error.line)
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.error,)


class CallFailedError(Exception):
    """A call that only reads failed; it may succeed later.

    Attributes:
        error: The failure of the call.
    """

    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(error.line)
        self.error = error


class DestinationUnavailableError(Exception):
    """The service has not taken anything for a while. The chunk can be tried again, with `again`.

    Attributes:
        error: The last failure.
        retry_after: Seconds to wait before the next try, if the service said so.
    """

    def __init__(self, error: ErrorInfo, retry_after: float | None = None) -> None:
        super().__init__(error.line)
        self.error = error
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), (self.error, self.retry_after)


class Effect(Enum):
    """What is known of an add after its call."""

    ACCEPTED = "accepted"
    #: Refused for what it holds; the same add fails again.
    REFUSED = "refused"
    #: Not carried out; it can be sent again.
    NOT_SENT = "not sent"
    #: It may have been carried out; ask before it is sent again.
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memories to look at: a user's, or a user's with an agent."""

    user_id: str
    agent_id: str | None = None

    def as_input(self) -> dict[str, str]:
        """The parameters of an action."""
        return {"user_id": self.user_id} | ({} if self.agent_id is None else {"agent_id": self.agent_id})


@dataclass(frozen=True, slots=True)
class EventState:
    """What became of an accepted add.

    Attributes:
        status: PENDING, RUNNING, SUCCEEDED or FAILED.
        reason: Why it failed.
    """

    status: str
    reason: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether the add has ended."""
        return self.status in ("SUCCEEDED", "FAILED")


@dataclass(slots=True)
class Found:
    """What is already there of a chunk.

    Attributes:
        stored: Keys of rows whose memories were found.
        events: By the key of its row, the id and the state of an add's event.
    """

    stored: set[str] = field(default_factory=set)
    events: dict[str, tuple[str, EventState]] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return key in self.stored or key in self.events


def chunk_tag(job: str, number: int) -> str:
    """The value of `import_chunk` for a chunk of a job."""
    return f"{job}-{number}"


class Destination:
    """An installed integration with a credential, as an import calls it.

    Args:
        runtime: Makes the calls; it must stay open.
        credential: By field name; or the name of a stored one; None reads the environment.
        integration: Its name.

    Raises:
        ValueError: The integration lacks an action that an import needs.
        UnknownIntegrationError: Nothing of that name is installed.
    """

    def __init__(
        self, runtime: Runtime, credential: CredentialMapping | str | None = None, integration: str = "mem0"
    ) -> None:
        self.integration = integration
        actions = runtime.integrations[integration].actions
        if missing := [name for name in _ACTIONS if name not in actions]:
            raise ValueError(f"{integration} cannot be imported into: it has no action {missing[0]}")
        #: The action that adds a row, whose model validates the rows of a source.
        self.add_action: Action[Any, Any] = actions["add_memories"]
        self._bound = runtime.bind(integration, credential=credential)

    async def identity(self) -> str:
        """What identifies the account and the project, whichever of its keys is used.

        Raises:
            ImportStoppedError, CallFailedError: The service does not say.
        """
        output = await self._read("check_connection", {})
        known = [str(output.get(name) or "") for name in ("organization_id", "project_id")]
        return "/".join(known if any(known) else [str(output.get("user_email") or "")])

    async def add(self, input: Mapping[str, Any]) -> tuple[Effect, Result]:
        """Send one add.

        Raises:
            ImportStoppedError: No add can succeed.
        """
        result = await self._bound.call("add_memories", input, timeout=_ADD_TIMEOUT)
        return _effect(result.error), result

    async def find(
        self, tag: str, scopes: Iterable[Scope], *, since: float | None, inferred: bool, rate: Rate
    ) -> Found:
        """Ask what is already there of a chunk: its memories, user by user, and its events.

        The events also hold what stored nothing, or nothing yet.

        Args:
            tag: The chunk's.
            scopes: Of its rows.
            since: When the chunk was begun, in seconds since 1970; earlier events are not read. None reads all.
            inferred: Whether any row is inferred. Rows that are stored word for word are all among the memories, so a
                service without a list of events will do.
            rate: Gives the turns.

        Raises:
            ImportStoppedError, CallFailedError: The answer is not complete.
        """
        found = Found()
        try:
            await self._find_events(found, tag, since, rate)
        except ImportStoppedError as error:
            if inferred or error.error.code not in (ErrorCode.NOT_FOUND, ErrorCode.UNSUPPORTED):
                raise
        # The memories last: what the events show as running may be stored in between, and is then in both.
        for stored in await asyncio.gather(*(self._stored(tag, scope, rate) for scope in scopes)):
            found.stored |= stored
        return found

    async def _find_events(self, found: Found, tag: str, since: float | None, rate: Rate) -> None:
        async for event in self._events(since, rate):
            metadata = event.get("metadata") or {}
            key, event_id, state = metadata.get(KEY_TAG), event.get("id"), event_state(event)
            if metadata.get(CHUNK_TAG) == tag and isinstance(key, str) and event_id and state is not None:
                # The latest come first, and an add that failed once may have been sent again.
                known = found.events.get(key)
                if known is None or known[1].status == "FAILED":
                    found.events[key] = (event_id, state)

    async def _stored(self, tag: str, scope: Scope, rate: Rate) -> set[str]:
        query = {"filters": {"metadata": {CHUNK_TAG: tag}}, "show_expired": True, "return_all": True}
        output = await self._read("get_memories", {**scope.as_input(), **query}, rate)
        tags = (memory.get("metadata") or {} for memory in output["memories"])
        # The filter is checked: a service that ignored it would show everything as sent.
        return {str(found[KEY_TAG]) for found in tags if found.get(CHUNK_TAG) == tag and found.get(KEY_TAG)}

    async def event_states(
        self, event_ids: Mapping[str, str], *, since: float | None, rate: Rate, pages: int = 50
    ) -> dict[str, EventState]:
        """The states of events, mostly from the pages of the project's list, 200 to a request.

        Args:
            event_ids: The events, each with its user.
            since: When the first of them was accepted, in seconds since 1970.
            rate: Gives the turns.
            pages: How many pages to read at most; events further down are asked for one by one, some each time.

        Returns:
            Those that could be learned.

        Raises:
            ImportStoppedError, CallFailedError: Nothing could be read.
        """
        states: dict[str, EventState] = {}
        async for event in self._events(since, rate, pages=pages):
            event_id, state = event.get("id"), event_state(event)
            if event_id in event_ids and state is not None:
                states[str(event_id)] = state
                if len(states) == len(event_ids):
                    return states
        for event_id in [known for known in event_ids if known not in states][:_PAGE]:
            async with rate.turn() as turn:
                result = await self._bound.call("get_event", {"event_id": event_id, "user_id": event_ids[event_id]})
                gone = result.error is not None and result.error.code is ErrorCode.NOT_FOUND
                failed = result.error is not None and result.error.code is ErrorCode.EVENT_FAILED
                rate.report(turn, None if gone or failed else result.error)
            if gone:
                states[event_id] = EventState("FAILED", "Mem0 does not know the event any more")
            elif failed or result.success:
                state = event_state(result.output.get("event") or {})
                if state is not None:
                    states[event_id] = state
            elif result.error is not None:
                _raise_if_stopping(result.error)
                raise CallFailedError(result.error)
        return states

    async def count(self, job: str, scope: Scope, rate: Rate) -> int:
        """How many memories of a job there are for a user.

        Raises:
            ImportStoppedError, CallFailedError: The service does not say.
        """
        output = await self._read(
            "delete_memories", {**scope.as_input(), "metadata": {JOB_TAG: job}, "dry_run": True}, rate
        )
        return int(output.get("matched") or 0)

    async def delete(self, job: str, scope: Scope, rate: Rate) -> int:
        """Delete the memories of a job for a user, and return how many there were.

        Raises:
            ImportStoppedError, CallFailedError: They may not all be deleted; it can be tried again.
        """
        output = await self._read(
            "delete_memories", {**scope.as_input(), "metadata": {JOB_TAG: job}, "confirm": True}, rate
        )
        return int(output.get("deleted") or 0)

    async def _events(
        self, since: float | None, rate: Rate, *, pages: int = 1_000_000
    ) -> AsyncIterator[dict[str, Any]]:
        """The project's events, the latest first, back to a moment."""
        lag = None
        for page in range(1, pages + 1):
            output = await self._read("list_events", {"limit": _PAGE, "page": page}, rate)
            events = output["events"]
            if lag is None and events:
                # The clock of the service is behind by no more than the age of the latest event.
                latest = _epoch(events[0].get("created_at"))
                age = _LARGEST_LAG if latest is None else time.time() - latest
                lag = min(max(age, _SMALLEST_LAG), _LARGEST_LAG)
            for event in events:
                yield event
            # New events move the others to later pages, where they are seen twice and not missed.
            oldest = _epoch(events[-1].get("created_at")) if events else None
            if not output.get("next"):
                return
            if since is not None and oldest is not None and lag is not None and oldest < since - lag:
                return

    async def _read(self, action: str, input: Mapping[str, Any], rate: Rate | None = None) -> dict[str, Any]:
        if rate is None:
            result = await self._bound.call(action, input, timeout=_LIST_TIMEOUT)
        else:
            async with rate.turn() as turn:
                result = await self._bound.call(action, input, timeout=_LIST_TIMEOUT)
                rate.report(turn, result.error)
        if result.error is not None:
            _raise_if_stopping(result.error)
            raise CallFailedError(result.error)
        return result.output


def _effect(error: ErrorInfo | None) -> Effect:
    if error is None:
        return Effect.ACCEPTED
    status = error.http_status
    if status == 413:
        # Too large, which says nothing about the next one.
        return Effect.REFUSED
    _raise_if_stopping(error)
    if error.retryable or error.code in _NOT_CARRIED_OUT:
        # A proxy that waited too long for the service answers 408, and the service may still be at it.
        return Effect.UNCERTAIN if status == 408 else Effect.NOT_SENT
    if error.code in _UNCERTAIN:
        return Effect.UNCERTAIN
    # 425 asks to come back later.
    return Effect.NOT_SENT if status == 425 else Effect.REFUSED


def _raise_if_stopping(error: ErrorInfo) -> None:
    if error.code in _STOPPING:
        raise ImportStoppedError(error)


def event_state(event: Mapping[str, Any]) -> EventState | None:
    """The state in an event's record; None for a record without one."""
    status = event.get("status")
    return EventState(status, event.get("reason")) if isinstance(status, str) else None


def _epoch(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).timestamp()
    except ValueError:
        return None
