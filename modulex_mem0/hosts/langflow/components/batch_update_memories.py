"""Batch update memories: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class BatchUpdateMemoriesComponent(ActionComponent):
    """Change the text or the metadata of up to 10,000 memories of one user."""

    integration = "mem0"
    action = "batch_update_memories"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "648a5d8824a4c7fc"
