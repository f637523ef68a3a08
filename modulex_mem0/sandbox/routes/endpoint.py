"""The parts that every route shares: the backend, a valid key, a JSON reply, and the queue."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from modulex_mem0.sandbox.faults.rules import RULE_KEY, FaultRule
from modulex_mem0.sandbox.http.auth import Keyring, Project
from modulex_mem0.sandbox.http.requests import refuse_nulls
from modulex_mem0.sandbox.http.routing import Operation
from modulex_mem0.sandbox.search.vectors import VectorIndex, choose_embedder
from modulex_mem0.sandbox.settings import SandboxSettings
from modulex_mem0.sandbox.store import jobs
from modulex_mem0.sandbox.store.database import Database, DataFileError
from modulex_mem0.sandbox.store.jobs import JobRunner, Work

__all__ = ["Backend", "Handler", "queue", "route"]

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Backend:
    """The open database of a running sandbox, and what works on it.

    Attributes:
        vectors: `None` if search is lexical.
    """

    settings: SandboxSettings
    keyring: Keyring
    database: Database
    vectors: VectorIndex | None
    runner: JobRunner

    @classmethod
    async def start(cls, settings: SandboxSettings, keyring: Keyring, work: Mapping[str, Work]) -> Self:
        """Open the data and resume unfinished jobs.

        Args:
            settings: The settings of the sandbox.
            keyring: The accepted keys.
            work: The function for each type of event.

        Raises:
            DataFileError: The data file cannot be used.
            MissingEmbedderError: Semantic search was asked for and its package is not installed.
        """
        embedder = choose_embedder(settings.search_mode)
        vectors = None if embedder is None else VectorIndex(embedder)
        database = Database.open(settings.data)
        runner = JobRunner(database, work, _nothing if vectors is None else vectors.embed_missing)
        try:
            await runner.resume()
        except sqlite3.Error as error:
            database.close()
            raise DataFileError(f"{settings.data}: {error}") from error
        return cls(settings, keyring, database, vectors, runner)

    async def run(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `work(connection, ...)` in a transaction. It must not add or change the text of a memory."""
        return await self.database.run(work, *args, **kwargs)

    async def run_and_embed(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `work(connection, ...)`, and embed the texts that it adds or changes, in one transaction."""

        def both(connection: sqlite3.Connection) -> T:
            result = work(connection, *args, **kwargs)
            if self.vectors is not None:
                self.vectors.embed_missing(connection)
            return result

        return await self.database.run(both)

    async def embed_missing(self, project: str) -> None:
        """Embed the texts of a project that an earlier, lexical run stored. Needed before a search."""
        if self.vectors is not None:
            await self.database.run(self.vectors.embed_missing, project)

    async def close(self) -> None:
        """Finish the work in progress and close the data."""
        await self.runner.close()
        self.database.close()


Handler = Callable[[Request, Backend, Project], Awaitable[Any]]


def route(method: str, path: str, handler: Handler, *, status: int = 200) -> Operation:
    """An operation that needs a key; what its handler returns is sent as JSON with `status`."""

    async def endpoint(request: Request) -> Response:
        backend: Backend = request.state.backend
        project = backend.keyring.project(request.headers.get("authorization"))
        refuse_nulls(request)
        return JSONResponse(await handler(request, backend, project), status_code=status)

    return Operation(method, path, endpoint)


async def queue(
    request: Request,
    backend: Backend,
    project: Project,
    event_type: str,
    payload: dict[str, Any],
    *,
    at_once: bool = False,
) -> str:
    """Queue a job and return its event's id. Its delay is that of the settings, unless a fault sets another.

    With a delay of 0, or `at_once`, the job is done before this returns.
    """
    rule = request.scope.get(RULE_KEY)
    delay, error = 0.0 if at_once else backend.settings.delay, None
    if isinstance(rule, FaultRule):
        delay = delay if rule.event_delay is None else rule.event_delay
        error = rule.event_error
    event_id = await backend.run(jobs.enqueue, project.id, event_type, payload, delay=delay, error=error)
    if delay > 0:
        backend.runner.schedule(event_id, delay)
    else:
        await backend.runner.run(event_id)
    return event_id


def _nothing(_connection: sqlite3.Connection) -> None:
    """Replaces the embedding of new texts if search is lexical."""
