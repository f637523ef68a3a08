"""A server in a process of its own that answers every request with a reply made beforehand."""
