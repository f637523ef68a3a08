"""One file for each action: what it takes, sends, returns and refuses."""

from typing import Any

from modulex_mem0.contract import Action
from modulex_mem0.mem0.actions.add_memories import add_memories
from modulex_mem0.mem0.actions.batch_delete_memories import batch_delete_memories
from modulex_mem0.mem0.actions.batch_update_memories import batch_update_memories
from modulex_mem0.mem0.actions.check_connection import check_connection
from modulex_mem0.mem0.actions.create_memory_export import create_memory_export
from modulex_mem0.mem0.actions.delete_entity import delete_entity
from modulex_mem0.mem0.actions.delete_memories import delete_memories
from modulex_mem0.mem0.actions.delete_memory import delete_memory
from modulex_mem0.mem0.actions.get_event import get_event
from modulex_mem0.mem0.actions.get_memories import get_memories
from modulex_mem0.mem0.actions.get_memory import get_memory
from modulex_mem0.mem0.actions.get_memory_export import get_memory_export
from modulex_mem0.mem0.actions.get_memory_history import get_memory_history
from modulex_mem0.mem0.actions.list_entities import list_entities
from modulex_mem0.mem0.actions.list_events import list_events
from modulex_mem0.mem0.actions.search_memories import search_memories
from modulex_mem0.mem0.actions.submit_feedback import submit_feedback
from modulex_mem0.mem0.actions.summarize_memories import summarize_memories
from modulex_mem0.mem0.actions.update_memory import update_memory

__all__ = ["ACTIONS"]

# In the order in which a host shows them: what everybody needs first, what reaches the whole project last.
ACTIONS: tuple[Action[Any, Any], ...] = (
    add_memories,
    search_memories,
    get_memories,
    get_memory,
    get_event,
    update_memory,
    delete_memory,
    delete_memories,
    get_memory_history,
    batch_update_memories,
    batch_delete_memories,
    submit_feedback,
    summarize_memories,
    create_memory_export,
    get_memory_export,
    list_events,
    list_entities,
    delete_entity,
    check_connection,
)
