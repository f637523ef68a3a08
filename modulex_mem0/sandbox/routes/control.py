"""`/_sandbox/faults`: changes the faults of a running sandbox. `/_sandbox/webhooks`: what it delivered to webhooks.

These routes need no key, so they are served only if the settings allow it.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from modulex_mem0.sandbox.faults.rules import FaultBoard, FaultsError, parse_rules
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.requests import read_json
from modulex_mem0.sandbox.http.routing import Operation
from modulex_mem0.sandbox.routes.endpoint import Backend
from modulex_mem0.sandbox.store.webhooks import recent_deliveries

__all__ = ["control_routes"]

_PATH = "/_sandbox/faults"
_DELIVERIES = "/_sandbox/webhooks"


def control_routes(board: FaultBoard) -> list[Operation]:
    """The routes over a board of faults."""

    async def put(request: Request) -> Response:
        try:
            board.replace(parse_rules(await read_json(request)))
        except FaultsError as error:
            raise ApiError(400, {"error": str(error)}) from error
        return JSONResponse({"faults": board.report()})

    async def get(_request: Request) -> Response:
        return JSONResponse({"faults": board.report()})

    async def delete(_request: Request) -> Response:
        board.replace([])
        return JSONResponse({"faults": []})

    async def deliveries(request: Request) -> Response:
        backend: Backend = request.state.backend
        return JSONResponse({"deliveries": await backend.run(recent_deliveries)})

    return [
        Operation("GET", _DELIVERIES, deliveries),
        Operation("PUT", _PATH, put),
        Operation("GET", _PATH, get),
        Operation("DELETE", _PATH, delete),
    ]
