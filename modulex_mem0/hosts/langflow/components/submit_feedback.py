"""Submit feedback: a component for Langflow, written by `modulex-mem0 langflow`."""

from modulex_mem0.hosts.langflow import ActionComponent


class SubmitFeedbackComponent(ActionComponent):
    """Rate a memory as POSITIVE, NEGATIVE or VERY_NEGATIVE, with a reason, so that Mem0 improves."""

    integration = "mem0"
    action = "submit_feedback"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "f38b1967542b0a14"
