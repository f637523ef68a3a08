"""A small HTTP server that answers as badly as it is told, on the standard library alone."""

from modulex_mem0.conformance.faults.reply import Reply, Request, json_reply
from modulex_mem0.conformance.faults.server import FaultServer

__all__ = ["FaultServer", "Reply", "Request", "json_reply"]
