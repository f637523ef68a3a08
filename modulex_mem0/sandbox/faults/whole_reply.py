"""An application's reply, held back until it is whole."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Reply:
    """A whole reply; its length is sent along unless the headers have one."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def start(self) -> Message:
        """The message that opens the reply."""
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        # A 204 or 304 has no body, and must not announce one.
        if self.status not in {204, 304} and all(name != b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(self.body)).encode()))
        return {"type": "http.response.start", "status": self.status, "headers": headers}

    async def send(self, send: Send) -> None:
        """Send all of it."""
        await send(self.start())
        await send({"type": "http.response.body", "body": b"" if self.status in {204, 304} else self.body})


async def run(app: ASGIApp, scope: Scope, receive: Receive) -> Reply:
    """Let the application do its work, and keep what it replies."""
    status, headers, body = 500, list[tuple[str, str]](), bytearray()

    async def keep(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    return Reply(status, headers, bytes(body))
