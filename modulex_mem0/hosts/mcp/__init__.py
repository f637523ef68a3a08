"""An MCP server for an integration's actions, over stdio or streamable HTTP, on the official SDK (extra `mcp`).

Tools are derived from the integration's manifest. The runtime checks the input, so that an agent reads which field is
wrong and how to fix it. The credential comes from the environment or from request headers, never from an argument.
"""

from modulex_mem0.hosts.extras import imports_extra

with imports_extra("mcp"):
    from modulex_mem0.hosts.mcp.address import Address
    from modulex_mem0.hosts.mcp.credentials import HeaderCredential
    from modulex_mem0.hosts.mcp.http import serve_http
    from modulex_mem0.hosts.mcp.http_app import HttpApp
    from modulex_mem0.hosts.mcp.http_limits import HttpLimits
    from modulex_mem0.hosts.mcp.server import build_server
    from modulex_mem0.hosts.mcp.stdio import serve_stdio

__all__ = ["Address", "HeaderCredential", "HttpApp", "HttpLimits", "build_server", "serve_http", "serve_stdio"]
