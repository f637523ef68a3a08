"""Get memory: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class GetMemoryComponent(ActionComponent):
    """Get one memory by its id with every field that Mem0 sends, such as its expiration date."""

    integration = "mem0"
    action = "get_memory"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "d70706c3f9354c3d"
