"""The pages about MCP are tried with the fixtures of the host's own tests."""

from tests.hosts.mcp.conftest import connect_http, log, serve

__all__ = ["connect_http", "log", "serve"]
