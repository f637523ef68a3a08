"""Putting the sandbox together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from modulex_mem0.sandbox.errors import ApiError, answer_api_error, answer_http_error
from modulex_mem0.sandbox.faults import FaultBoard
from modulex_mem0.sandbox.faults.control import control_routes
from modulex_mem0.sandbox.faults.middleware import FaultMiddleware
from modulex_mem0.sandbox.faults.rules import load_rules
from modulex_mem0.sandbox.keyring import Keyring
from modulex_mem0.sandbox.routes import (
    adding,
    batch,
    deleting,
    entities,
    events,
    exports,
    feedback,
    finding,
    health,
    memory,
    projects,
    summary,
)
from modulex_mem0.sandbox.service import Service
from modulex_mem0.sandbox.settings import SandboxSettings

_SUBJECTS = (
    health,
    adding,
    finding,
    deleting,
    memory,
    batch,
    events,
    entities,
    feedback,
    exports,
    summary,
    projects,
)


class State(TypedDict):
    """What each request finds in ``request.state``."""

    service: Service


def create_app(settings: SandboxSettings | None = None) -> Starlette:
    """Return the sandbox as an ASGI application; it opens its data when it starts.

    The application's ``state.keyring`` takes further keys and ``state.faults`` other faults while it runs;
    ``state.failure`` holds why it did not start.

    Raises:
        FaultsError: The faults file cannot be used.
    """
    settings = settings or SandboxSettings()
    keyring = Keyring(settings.keys)
    board = FaultBoard(load_rules(settings.faults) if settings.faults else ())

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        try:
            service = await Service.start(settings, keyring)
        except Exception as error:
            app.state.failure = error
            raise
        try:
            yield {"service": service}
        finally:
            await service.close()

    app = Starlette(
        routes=[
            *(route for subject in _SUBJECTS for route in subject.ROUTES),
            *(control_routes(board) if settings.allow_fault_control else ()),
        ],
        middleware=[Middleware(FaultMiddleware, board)],
        exception_handlers={ApiError: answer_api_error, HTTPException: answer_http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.keyring = keyring
    app.state.faults = board
    app.state.failure = None
    return app
