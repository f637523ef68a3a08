"""Add memories: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class AddMemoriesComponent(ActionComponent):
    """Add memories to Mem0 for persistent storage and retrieval."""

    integration = "mem0"
    action = "add_memories"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "a26c5bedb7087cc2"
