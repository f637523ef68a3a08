"""A local server that speaks Mem0's REST API, for tests, demos and work without a network.

Extraction here is rule-based; there is no language model. The server keeps what it is told in memory, or in one
SQLite file. It knows nothing of the rest of the package, so a misreading of Mem0's documents cannot hide on both
sides of a test.

Importing this package is cheap: Starlette and uvicorn (the ``sandbox`` extra) are imported when a server is made.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from modulex_mem0.sandbox.settings import SandboxSettings, SearchMode

if TYPE_CHECKING:
    from modulex_mem0.sandbox.app import create_app
    from modulex_mem0.sandbox.child import sandbox_process
    from modulex_mem0.sandbox.failures import START_FAILURES
    from modulex_mem0.sandbox.running import RunningSandbox, running_sandbox
    from modulex_mem0.sandbox.serving import serve

__all__ = [
    "START_FAILURES",
    "RunningSandbox",
    "SandboxSettings",
    "SearchMode",
    "create_app",
    "running_sandbox",
    "sandbox_process",
    "serve",
]

_HOMES = {
    "START_FAILURES": "failures",
    "RunningSandbox": "running",
    "create_app": "app",
    "running_sandbox": "running",
    "sandbox_process": "child",
    "serve": "serving",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    """Import the heavier half of the public names on first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
