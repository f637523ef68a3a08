"""Summarize memories: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class SummarizeMemoriesComponent(ActionComponent):
    """Get a summary of what is remembered about a user."""

    integration = "mem0"
    action = "summarize_memories"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "0e82add17a987e45"
