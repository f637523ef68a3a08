"""Reads a body no further than it may be long."""

from collections.abc import AsyncIterable

from modulex_mem0.contract import ActionError, ErrorCode

__all__ = ["read_chunks"]


async def read_chunks(source: AsyncIterable[bytes], limit: int, status: int) -> list[bytes]:
    """The chunks of a body.

    Args:
        source: Where they come from.
        limit: Bytes that they may have together.
        status: Of the reply, for the error.

    Raises:
        ActionError: `bad_response`, as soon as there are more.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in source:
        size += len(chunk)
        if size > limit:
            raise ActionError(
                ErrorCode.BAD_RESPONSE,
                f"the reply is larger than {limit} bytes and was not read further",
                http_status=status,
            )
        chunks.append(chunk)
    return chunks
