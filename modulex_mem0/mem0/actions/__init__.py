"""One file for each action: what it takes, sends, returns and refuses."""

from typing import Any

from modulex_mem0.contract import Action
from modulex_mem0.mem0.actions.add_memories import add_memories
from modulex_mem0.mem0.actions.get_memories import get_memories
from modulex_mem0.mem0.actions.search_memories import search_memories

__all__ = ["ACTIONS"]

# In the order in which a host shows them.
ACTIONS: tuple[Action[Any, Any], ...] = (add_memories, search_memories, get_memories)
