"""Serves an integration's actions as MCP tools, over stdio or streamable HTTP, through the official SDK (extra `mcp`).

The tools are declared from the integration's manifest. Input is checked by the runtime, so that an agent is told the
field and how to mend it. The credential comes from the environment or from request headers, never from an argument.
"""

from modulex_mem0.hosts.mcp.credentials import HeaderCredential
from modulex_mem0.hosts.mcp.http import Address, serve_http
from modulex_mem0.hosts.mcp.server import build_server
from modulex_mem0.hosts.mcp.stdio import serve_stdio

__all__ = ["Address", "HeaderCredential", "build_server", "serve_http", "serve_stdio"]
