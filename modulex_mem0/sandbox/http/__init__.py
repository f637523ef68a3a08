"""Mem0's conventions over HTTP: API keys, JSON bodies, pages and errors."""
