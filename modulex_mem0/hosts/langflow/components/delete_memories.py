"""Delete memories: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class DeleteMemoriesComponent(ActionComponent):
    """Delete all memories of a user, or those of one agent, app, run or metadata, for good."""

    integration = "mem0"
    action = "delete_memories"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "4ee707eae021f425"
