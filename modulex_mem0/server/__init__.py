"""A server for people and platforms: a page, a REST API with an OpenAPI document, and MCP, on one address.

All three call actions through one runtime. Importing this package is cheap: Starlette and uvicorn (the extra `serve`)
are imported when a server is made.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from modulex_mem0.server.settings import ServerSettings, TemporaryCredential

if TYPE_CHECKING:
    from modulex_mem0.server.app import create_app
    from modulex_mem0.server.openapi import openapi_document
    from modulex_mem0.server.serving import ConsoleServer, PortError, serve

__all__ = [
    "ConsoleServer",
    "PortError",
    "ServerSettings",
    "TemporaryCredential",
    "create_app",
    "openapi_document",
    "serve",
]

_IMPORTED_WHEN_USED = {
    "ConsoleServer": "serving",
    "PortError": "serving",
    "create_app": "app",
    "openapi_document": "openapi",
    "serve": "serving",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _IMPORTED_WHEN_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_IMPORTED_WHEN_USED[name]}"), name)
