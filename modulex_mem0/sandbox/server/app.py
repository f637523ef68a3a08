"""The ASGI application: routes, faults and error handlers around one backend."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Router

from modulex_mem0.sandbox.faults.middleware import FaultMiddleware
from modulex_mem0.sandbox.faults.rules import FaultBoard, load_rules
from modulex_mem0.sandbox.http.auth import Keyring
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.pages import absolute_url
from modulex_mem0.sandbox.http.routing import resources, with_slash
from modulex_mem0.sandbox.routes import JOBS, ROUTES
from modulex_mem0.sandbox.routes.control import control_routes
from modulex_mem0.sandbox.routes.endpoint import Backend
from modulex_mem0.sandbox.server.delivery import Deliverer
from modulex_mem0.sandbox.server.recording import Recorder, RecordingMiddleware
from modulex_mem0.sandbox.server.seed import load_seed, sow
from modulex_mem0.sandbox.settings import SandboxSettings
from modulex_mem0.sandbox.store.database import is_disk_failure

__all__ = ["create_app"]


class _State(TypedDict):
    """What each request finds in `request.state`."""

    backend: Backend


def create_app(settings: SandboxSettings | None = None) -> Starlette:
    """Return the sandbox as an ASGI application, which opens its data when it starts.

    While it runs, keys may be added to its `state.keyring` and the faults in `state.faults` replaced. If it cannot
    start, `state.failure` holds the exception.

    Raises:
        FaultsError: The faults file cannot be used.
        SeedError: The file of memories to start with cannot be used.
        RecordingError: The file to record to cannot be written.
    """
    settings = settings or SandboxSettings()
    keyring = Keyring(settings.keys)
    board = FaultBoard(load_rules(settings.faults) if settings.faults else ())
    seed = load_seed(settings.seed) if settings.seed else []
    recorder = Recorder(settings.record, keyring) if settings.record else None

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[_State]:
        try:
            backend = await Backend.start(settings, keyring, JOBS)
        except Exception as error:
            app.state.failure = error
            raise
        deliverer = Deliverer(backend.database)
        try:
            first = keyring.project(f"Token {settings.keys[0].partition('=')[0]}")
            await backend.run_and_embed(sow, first.id, seed)
            deliverer.start()
            yield {"backend": backend}
        finally:
            await deliverer.close()
            await backend.close()
            if recorder is not None:
                recorder.close()

    app = Starlette(
        routes=resources([*ROUTES, *(control_routes(board) if settings.allow_fault_control else ())]),
        middleware=[
            *([Middleware(RecordingMiddleware, recorder)] if recorder else ()),
            Middleware(FaultMiddleware, board),
        ],
        exception_handlers={
            ApiError: _answer_api_error,
            HTTPException: _answer_http_error,
            sqlite3.Error: _answer_database_error,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.keyring = keyring
    app.state.faults = board
    app.state.failure = None
    return app


async def _answer_api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body, status_code=error.status)


async def _answer_database_error(_request: Request, error: Exception) -> Response:
    """A disk that is full or damaged is no fault of the sandbox: no traceback, and nothing of the request was done."""
    if not isinstance(error, sqlite3.Error) or not is_disk_failure(error):
        raise error
    return JSONResponse({"error": f"The data file failed, and nothing was changed: {error}"}, status_code=507)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    """Give Starlette's own errors (unknown route, wrong method) a JSON body, worded as Django words it.

    A GET that lacks only its final slash is redirected. Other methods are not: clients repeat a redirected POST as a
    GET without its body.
    """
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404 and request.method in {"GET", "HEAD"}:
        router: Router = request.app.router
        slashed = with_slash(router.routes, request.scope)
        if slashed is not None:
            return RedirectResponse(absolute_url(request, request.query_params, slashed), status_code=301)
    detail = f'Method "{request.method}" not allowed.' if error.status_code == 405 else "Not found."
    return JSONResponse({"detail": detail}, status_code=error.status_code, headers=error.headers)
