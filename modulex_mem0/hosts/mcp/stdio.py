"""MCP over standard input and output."""

import logging
import signal
import sys
from contextlib import redirect_stdout
from typing import Any

from mcp.server import Server
from mcp.server.stdio import stdio_server

__all__ = ["serve_stdio"]

logger = logging.getLogger(__name__)


async def serve_stdio(server: Server[Any]) -> None:
    """Serve until standard input or output is closed. Anything else that is printed goes to standard error.

    SIGINT ends the process at once, as SIGTERM does: the SDK waits for the next line of input in a thread that cannot
    be interrupted.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        async with stdio_server() as (read, write):
            # The SDK redirects the descriptor, but Python would still flush its own buffer to it after the end.
            with redirect_stdout(sys.stderr):
                await server.run(read, write, server.create_initialization_options())
    except* BrokenPipeError:
        logger.info("the client has disconnected")
