"""Measurements of the bulk import, each a command; docs/import.md has the results."""
