"""What an import needs to know of its source beside the address: format, user, columns."""

from typing import Literal, get_args

from pydantic import Field

from modulex_mem0.contract import FrozenModel

__all__ = ["FORMATS", "FormatName", "ImportOptions"]

FormatName = Literal["auto", "jsonl", "csv", "chatgpt", "claude", "messages", "mem0"]
FORMATS: tuple[str, ...] = get_args(FormatName)


class ImportOptions(FrozenModel):
    """How a source becomes adds. It is plain data, so that it can be kept in a ledger or in a workflow's history.

    Attributes:
        format: Of the source; `auto` reads its first bytes.
        user_id: The user of rows that name none. Rows that name one keep it.
        infer: Whether Mem0 extracts memories from rows that do not say so themselves; None leaves the default: true,
            and false for Mem0's own export, whose records are memories already.
        columns: For CSV, the column of each field, such as `{"user_id": "customer", "metadata.city": "Town"}`. A field
            without an entry has the column of its own name.
        delimiter: For CSV; None takes the one that the header suggests.
        turns: Conversations of more messages are sent in parts of so many.
    """

    format: FormatName = "auto"
    user_id: str | None = None
    infer: bool | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    turns: int = Field(default=20, ge=1, le=1000)
