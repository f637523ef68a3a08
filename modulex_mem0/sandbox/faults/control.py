"""``PUT/GET/DELETE /_sandbox/faults``: changing the faults of a running sandbox."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from modulex_mem0.sandbox.body import read_json
from modulex_mem0.sandbox.errors import ApiError
from modulex_mem0.sandbox.faults.board import FaultBoard
from modulex_mem0.sandbox.faults.rules import FaultsError, parse_rules


def control_routes(board: FaultBoard) -> list[Route]:
    """The routes; they need no key, so a sandbox has them only if it was told to."""

    async def put(request: Request) -> Response:
        try:
            board.replace(parse_rules(await read_json(request)))
        except FaultsError as error:
            raise ApiError(400, {"error": str(error)}) from error
        return JSONResponse({"faults": board.shown()})

    async def get(_request: Request) -> Response:
        return JSONResponse({"faults": board.shown()})

    async def delete(_request: Request) -> Response:
        board.replace([])
        return JSONResponse({"faults": []})

    path = "/_sandbox/faults"
    return [
        Route(path, handler, methods=[method]) for method, handler in (("PUT", put), ("GET", get), ("DELETE", delete))
    ]
