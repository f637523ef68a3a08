"""HTTP for all integrations: a client for each call, connections for each credential, retries where they are safe.

The runtime imports it at its first call. httpx is imported where it carries requests.
"""

from modulex_mem0.runtime.http.client import ServiceClient
from modulex_mem0.runtime.http.pool import Pools
from modulex_mem0.runtime.http.reply import HttpReply

__all__ = ["HttpReply", "Pools", "ServiceClient"]
