"""Batch delete memories: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class BatchDeleteMemoriesComponent(ActionComponent):
    """Delete up to 10,000 memories of one user by their ids, for good."""

    integration = "mem0"
    action = "batch_delete_memories"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "5d3077e9d1cd0fcc"
