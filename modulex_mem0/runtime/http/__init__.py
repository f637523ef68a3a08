"""HTTP for all integrations: a client for each call, pooled connections, retries where they are safe.

Importing it imports httpx, so the runtime does so at its first call.
"""

from modulex_mem0.runtime.http.client import ServiceClient
from modulex_mem0.runtime.http.errors import error_from_httpx
from modulex_mem0.runtime.http.pool import Pools
from modulex_mem0.runtime.http.reply import HttpReply

__all__ = ["HttpReply", "Pools", "ServiceClient", "error_from_httpx"]
