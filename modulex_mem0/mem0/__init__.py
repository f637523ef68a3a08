"""The Mem0 integration. Hosts find it by its entry point; nothing of ours imports it."""
