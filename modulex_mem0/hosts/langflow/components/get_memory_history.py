"""Get memory history: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class GetMemoryHistoryComponent(ActionComponent):
    """Get all changes of a memory, with the messages that led to them; a deleted memory keeps its history."""

    integration = "mem0"
    action = "get_memory_history"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "15d7bb02ea50c987"
