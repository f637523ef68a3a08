"""A local server that speaks Mem0's REST API, for tests, demos and work without a network.

It uses no language model: memories are extracted by rule. Data is kept in memory, or in one SQLite file. The sandbox
imports nothing else of this package, so a misreading of Mem0's documentation cannot hide on both sides of a test.

From the top down, each part importing only those below it:

- `server`: the application, the process that serves it, and context managers to run it;
- `routes`: the operations of the API, one file a subject;
- `search`, `extraction`: filters and ranking; the rules that stand in for the language model;
- `store`: the database and its tables;
- `faults`: failures on demand;
- `http`: Mem0's conventions for keys, bodies, pages and errors.

Importing this package is cheap: Starlette and uvicorn (the extra `sandbox`) are imported when a server is made.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from modulex_mem0.sandbox.settings import SandboxSettings, SearchMode, StartError

if TYPE_CHECKING:
    from modulex_mem0.sandbox.server.app import create_app
    from modulex_mem0.sandbox.server.running import RunningSandbox, running_sandbox, sandbox_process
    from modulex_mem0.sandbox.server.serving import serve

__all__ = [
    "RunningSandbox",
    "SandboxSettings",
    "SearchMode",
    "StartError",
    "create_app",
    "running_sandbox",
    "sandbox_process",
    "serve",
]

_IMPORTED_WHEN_USED = {
    "RunningSandbox": "running",
    "create_app": "app",
    "running_sandbox": "running",
    "sandbox_process": "running",
    "serve": "serving",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    module = _IMPORTED_WHEN_USED.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.server.{module}"), name)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "modulex_mem0"):
            raise
        message = f"the sandbox needs {package}; install it with: pip install 'modulex-mem0[sandbox]'"
        raise ModuleNotFoundError(message, name=error.name) from None
