"""What the routes of one running sandbox share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from modulex_mem0.sandbox.database import Database
from modulex_mem0.sandbox.embedder import choose_embedder
from modulex_mem0.sandbox.keyring import Keyring
from modulex_mem0.sandbox.settings import SandboxSettings
from modulex_mem0.sandbox.settling import Settler
from modulex_mem0.sandbox.vectors import VectorIndex

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Service:
    """An open database with what works on it.

    Attributes:
        vectors: ``None`` where search is lexical.
    """

    settings: SandboxSettings
    keyring: Keyring
    database: Database
    vectors: VectorIndex | None
    settler: Settler

    @classmethod
    async def start(cls, settings: SandboxSettings, keyring: Keyring) -> Service:
        """Open the data and take up unfinished work.

        Raises:
            DataFileError: The data file cannot be used.
            MissingEmbedderError: Semantic search was asked for and cannot be had.
        """
        embedder = choose_embedder(settings.search_mode)
        vectors = None if embedder is None else VectorIndex(embedder)
        database = Database.open(settings.data)
        settler = Settler(database, _nothing if vectors is None else vectors.embed_missing)
        await settler.resume()
        return cls(settings, keyring, database, vectors, settler)

    async def read(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do work that changes no memory's text."""
        return await self.database.run(work, *args, **kwargs)

    async def write(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do work that may add or change texts, and embed those in the same transaction."""

        def both(connection: sqlite3.Connection) -> T:
            result = work(connection, *args, **kwargs)
            if self.vectors is not None:
                self.vectors.embed_missing(connection)
            return result

        return await self.database.run(both)

    async def after_delay(self, event_id: str, delay: float) -> None:
        """Have queued work done: now if there is no delay to act out, or else when it is over."""
        if delay > 0:
            self.settler.schedule(event_id, delay)
        else:
            await self.settler.settle(event_id)

    async def close(self) -> None:
        """Finish the work at hand and close the data."""
        await self.settler.close()
        self.database.close()


def _nothing(_connection: sqlite3.Connection) -> None:
    """Stand in for embedding where search is lexical."""
