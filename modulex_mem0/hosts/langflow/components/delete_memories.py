"""Delete memories: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class DeleteMemoriesComponent(ActionComponent):
    """Delete all memories that are stored for a user, or those of one agent, app, run or metadata, for..."""

    integration = "mem0"
    action = "delete_memories"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "cfd9349a88ca6bb6"
