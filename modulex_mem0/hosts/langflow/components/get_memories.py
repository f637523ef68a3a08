"""Get memories: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class GetMemoriesComponent(ActionComponent):
    """Retrieve memories from Mem0 by ID or filter criteria."""

    integration = "mem0"
    action = "get_memories"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "bcf12133bc4f60bc"
