"""Create memory export: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class CreateMemoryExportComponent(ActionComponent):
    """Start an export of a user's memories in the form of a JSON Schema; get_memory_export fetches the..."""

    integration = "mem0"
    action = "create_memory_export"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "a666ab0da7e2956f"
