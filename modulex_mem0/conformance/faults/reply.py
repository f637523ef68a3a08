"""A request as it arrived, and an answer to it, good or bad."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Reply", "Request", "json_reply"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived.

    Attributes:
        method: In capitals.
        target: The path with its query, as it was sent.
        headers: By lower-case name.
        body: Its bytes.
        connection: The number of the TCP connection, from 1.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as a JSON value; None where there is none."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server does with a request.

    Attributes:
        status: The HTTP status.
        body: Its bytes.
        headers: Beside the content length; a content type of JSON unless told.
        ending: How the connection ends: as it should, cut in the middle of the body, reset before an answer, or left
            hanging without one until the client goes away.
        raw: Bytes to send in place of a reply, after which the connection ends.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Literal["regular", "cut", "reset", "hang"] = "regular"
    raw: bytes | None = None

    def head(self) -> bytes:
        """The status line and the headers."""
        headers = {"content-type": "application/json", "content-length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:  # noqa: ANN401
    """A regular reply with a JSON value."""
    return Reply(status=status, body=json.dumps(value).encode(), headers=headers or {})
