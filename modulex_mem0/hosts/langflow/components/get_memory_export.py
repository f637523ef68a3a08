"""Get memory export: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class GetMemoryExportComponent(ActionComponent):
    """Get the latest export that create_memory_export made with the same ids."""

    integration = "mem0"
    action = "get_memory_export"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "297b0145b5071c0a"
