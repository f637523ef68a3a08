"""Check connection: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ConnectionComponent


class CheckConnectionComponent(ConnectionComponent):
    """Ask Mem0 whether the credential works."""

    integration = "mem0"
    # Follows the fields of the credential, so that Langflow offers an update to flows whose form is an older one.
    schemas = "142b0e31fc61f1f1"
