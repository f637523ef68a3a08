"""Delete memory: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class DeleteMemoryComponent(ActionComponent):
    """Delete one memory for good."""

    integration = "mem0"
    action = "delete_memory"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "81a8ebeebeafe65a"
