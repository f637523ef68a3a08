"""Fixtures of the MCP host's own tests, for the page about MCP."""

from tests.hosts.mcp.conftest import connect_http, log, serve

__all__ = ["connect_http", "log", "serve"]
