"""The table of error codes, derived from the contract."""

from modulex_mem0.conformance.page.markdown import table
from modulex_mem0.contract import ErrorCode

__all__ = ["BEGIN", "END", "error_codes_table", "with_table"]

BEGIN = "<!-- Derived from ErrorCode.advice by `modulex-mem0 docs --error-codes`. -->"
END = "<!-- End of what is derived. -->"


def error_codes_table() -> str:
    """Every code and what the caller does next, in the contract's order."""
    return table(("Code", "What to do next"), [(f"`{code}`", code.advice) for code in ErrorCode])


def with_table(page: str) -> str:
    """A page whose table, between two marks, is the current one; the rest of it is written by hand.

    Raises:
        ValueError: The page lacks the marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"it lacks the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{error_codes_table()}\n\n{END}{after}"
