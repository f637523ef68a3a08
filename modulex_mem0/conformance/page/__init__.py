"""Pages in Markdown, derived from declarations: an integration's own, and the table of error codes."""

from modulex_mem0.conformance.page.connector import connector_page
from modulex_mem0.conformance.page.error_codes import error_codes_table

__all__ = ["connector_page", "error_codes_table"]
