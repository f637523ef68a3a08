"""Components for Langflow, written by `modulex-mem0 langflow`."""
