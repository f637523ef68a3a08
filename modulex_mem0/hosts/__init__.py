"""Adapters that offer integrations in existing hosts. Each is an optional extra.

`ToolSet` is what they share: the actions that a host offers, and the parameters that it fixes. Importing this package
imports no host's library: each is imported in its own module or package alone.
"""

from modulex_mem0.hosts.toolset import BOOKKEEPING, NotOfferedError, Tool, ToolSet

__all__ = ["BOOKKEEPING", "NotOfferedError", "Tool", "ToolSet"]
