"""The body of a reply: collected and decoded piece by piece, within limits, with turns for others in between."""

import asyncio
import re
import zlib
from typing import Protocol

from modulex_mem0.contract import ActionError, ErrorCode

__all__ = ["Body", "check_values"]

# Decoded at once. A kilobyte of gzip may hold a megabyte, so the size of what comes in says nothing.
_PIECE = 256 * 1024
# A text, also one that never ends: tried again from each quotation mark in it, a megabyte would take hours.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


class _Decoder(Protocol):
    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class Body:
    """Collects a body.

    Args:
        status: Of the reply, for errors.
        encoding: The value of `Content-Encoding`, if any.
        length: The value of `Content-Length`, if any.
        limit: The bytes that the body may have once it is decoded.

    Raises:
        ActionError: `bad_response` for a length over the limit, and for an encoding that was not asked for. Another
            one, or one within another, could expand without bound.
    """

    __slots__ = ("_chunks", "_decoder", "_encoding", "_left", "_limit", "_status", "_steps")

    def __init__(self, status: int, encoding: str | None, length: str | None, limit: int) -> None:
        self._status = status
        self._limit = self._left = limit
        self._chunks: list[bytes] = []
        self._steps = 0
        self._encoding = (encoding or "").strip().lower()
        self._decoder: _Decoder | None = None
        if self._encoding == "gzip":
            self._decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
        elif self._encoding not in ("", "identity", "deflate"):
            raise self._refused("the reply has an encoding that was not asked for")
        if length is not None and length.isdecimal() and (len(length) > 18 or int(length) > limit):
            raise self._too_large()

    async def add(self, chunk: bytes) -> None:
        """Take the next bytes as they came.

        Raises:
            ActionError: `bad_response` for more bytes than the limit, or for broken compression.
        """
        if self._encoding == "deflate" and self._decoder is None:
            # Both forms are in use: with zlib's header, which says so in its lower four bits, and without.
            self._decoder = zlib.decompressobj(zlib.MAX_WBITS if chunk[:1] and chunk[0] & 15 == 8 else -zlib.MAX_WBITS)
        if self._decoder is None:
            self._keep(chunk)
            return
        try:
            while chunk and not self._decoder.eof:
                self._keep(self._decoder.decompress(chunk, _PIECE))
                chunk = self._decoder.unconsumed_tail
                self._steps += 1
                if self._steps % 4 == 0:
                    # Others get a turn, and the deadline can end this.
                    await asyncio.sleep(0)
        except zlib.error:
            raise self._refused("the reply's compression is broken") from None

    def finish(self) -> bytes:
        """The whole body.

        Raises:
            ActionError: `bad_response` for compression that ended early.
        """
        # Where nothing came at all, there is nothing to decode: proxies leave the header on replies without a body.
        if self._decoder is not None and self._steps and not self._decoder.eof:
            raise self._refused("the reply's compression is broken")
        return b"".join(self._chunks)

    def _keep(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise self._too_large()
        self._chunks.append(piece)

    def _too_large(self) -> ActionError:
        return self._refused(f"the reply is larger than {self._limit} bytes and was not read further")

    def _refused(self, reason: str) -> ActionError:
        return ActionError(ErrorCode.BAD_RESPONSE, reason, http_status=self._status)


def check_values(body: bytes, limit: int, status: int) -> None:
    """Refuse a body whose JSON holds too many values: as objects, a few bytes each take hundreds.

    Raises:
        ActionError: `bad_response`.
    """
    if _separators(body) <= limit:
        return
    # Texts may hold any number of commas.
    if _separators(_TEXT.sub(b"", body)) > limit:
        raise ActionError(
            ErrorCode.BAD_RESPONSE, f"the reply holds more than {limit} values and was not read", http_status=status
        )


def _separators(body: bytes) -> int:
    # One pass, where counting each would take three.
    return len(body) - len(body.translate(None, b",{["))
