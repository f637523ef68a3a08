"""Begins an integration: the files of a small and complete one, from the templates in `template/`."""

from modulex_mem0.conformance.scaffold.writing import ScaffoldError, files_of, write_integration

__all__ = ["ScaffoldError", "files_of", "write_integration"]
