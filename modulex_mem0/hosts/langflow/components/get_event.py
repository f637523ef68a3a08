"""Get event: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class GetEventComponent(ActionComponent):
    """See whether an accepted add or delete has finished, and what it changed."""

    integration = "mem0"
    action = "get_event"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "381cb6afbbbccc0d"
