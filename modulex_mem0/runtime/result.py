"""What a call answers with."""

from dataclasses import dataclass
from typing import Any

from modulex_mem0.contract import ErrorInfo

__all__ = ["Result"]


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a call.

    Attributes:
        success: Whether the action did what was asked.
        output: A JSON-ready dict that satisfies the action's output schema, on failure too.
        error: What went wrong, structured; None on success. `output["error"]` is its one-line form.
    """

    success: bool
    output: dict[str, Any]
    error: ErrorInfo | None = None
