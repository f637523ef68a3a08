"""Search memories: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class SearchMemoriesComponent(ActionComponent):
    """Search for memories in Mem0 using semantic search."""

    integration = "mem0"
    action = "search_memories"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "7053e14a1b72dd2c"
