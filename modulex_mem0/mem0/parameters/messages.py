"""The messages of an add: a list, a JSON string of one, or plain text."""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from modulex_mem0.mem0.parameters.text import NonBlank

__all__ = ["Message", "Messages"]


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["user", "assistant", "system"]
    content: NonBlank


def _read_messages(value: object) -> object:
    if isinstance(value, str):
        value = _read_text(value)
    if isinstance(value, dict):
        raise ValueError("must be a list of messages; put the single message into a list")  # noqa: TRY004 - for pydantic
    if isinstance(value, list | tuple) and not value:
        raise ValueError("must be a non-empty list of messages, each with role and content")
    return value


def _read_text(value: str) -> object:
    # A file's text may begin with a mark of its encoding, which is no part of it.
    value = value.removeprefix("\N{BYTE ORDER MARK}")
    start = value.lstrip()[:1]
    if not start:
        raise ValueError("must be non-empty: a list of messages, or text")
    if start not in "[{":
        return [{"role": "user", "content": value}]
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        # Text that was meant as messages must not be stored as something that a user said.
        raise ValueError(
            f"begins with {start} like JSON but is not valid JSON; correct it, or pass a list of messages"
        ) from None


Messages = Annotated[list[Message], BeforeValidator(_read_messages)]
