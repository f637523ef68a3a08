"""Finding memories: filters, the statements made of them, and ranking by words or by meaning."""
