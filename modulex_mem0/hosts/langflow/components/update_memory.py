"""Update memory: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class UpdateMemoryComponent(ActionComponent):
    """Change a memory's text, metadata or expiration date; what is left out stays as it is."""

    integration = "mem0"
    action = "update_memory"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "b1816300381fb05b"
