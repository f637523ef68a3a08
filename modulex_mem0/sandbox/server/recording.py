"""Writes every request and its reply to a file, with the keys masked: what a bug report needs."""

import json
import threading
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modulex_mem0.sandbox.clock import format_instant, now
from modulex_mem0.sandbox.http.auth import Keyring
from modulex_mem0.sandbox.settings import StartError

__all__ = ["Recorder", "RecordingError", "RecordingMiddleware"]

_MASK = "<key>"
_LONGEST = 1024 * 1024  # bytes of a body that are written
_SECRET_HEADERS = {"authorization", "cookie", "x-api-key", "proxy-authorization"}


class RecordingError(StartError):
    """The file cannot be written."""


class Recorder:
    """An open file of records: one JSON object a line, written when the reply has ended."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        """Open the file; what it holds is kept.

        Raises:
            RecordingError: It cannot be written.
        """
        self._keyring = keyring
        self._lock = threading.Lock()
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}") from error

    def write(self, record: dict[str, Any]) -> None:
        """Append a record. A disk that takes nothing loses it, and nothing else."""
        line = self._keyring.masked(json.dumps(record, ensure_ascii=False), _MASK)
        try:
            with self._lock:
                self._file.write(f"{line}\n")
                self._file.flush()
        except (OSError, ValueError):
            return

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()


class RecordingMiddleware:
    """Records what the client sent and what it got, faults included."""

    def __init__(self, app: ASGIApp, recorder: Recorder) -> None:
        self._app = app
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent, got = _Body(), _Body()
        status: int | None = None
        headers: dict[str, str] = {}

        async def listen() -> Message:
            message = await receive()
            sent.add(message.get("body", b""))
            return message

        async def answer(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], _headers(message.get("headers", ()))
            got.add(message.get("body", b""))
            await send(message)

        moment, began = format_instant(now()), time.perf_counter()
        try:
            await self._app(scope, listen, answer)
        finally:
            self._recorder.write(
                {
                    "time": moment,
                    "milliseconds": round((time.perf_counter() - began) * 1000, 1),
                    "method": scope["method"],
                    "path": scope["path"],
                    "query": scope["query_string"].decode("latin-1"),
                    "headers": _headers(scope["headers"]),
                    "body": sent.shown(),
                    # Null if the connection was dropped instead.
                    "status": status,
                    "reply_headers": headers,
                    "reply": got.shown(),
                }
            )


class _Body:
    """The beginning of a body, as it comes."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._length = 0

    def add(self, chunk: bytes) -> None:
        self._length += len(chunk)
        self._bytes += chunk[: max(0, _LONGEST - len(self._bytes))]

    def shown(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON if it is that, else as text, or in base64; an object that says so if it is cut off."""
        if self._length > _LONGEST:
            return {"bytes": self._length, "beginning": self._bytes.decode("utf-8", "replace")}
        try:
            text = self._bytes.decode("utf-8")
        except UnicodeDecodeError:
            return {"base64": b64encode(self._bytes).decode()}
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError):
            return text


def _headers(pairs: Any) -> dict[str, str]:  # noqa: ANN401 - pairs of bytes, as ASGI has them
    named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}
    return {name: _MASK if name in _SECRET_HEADERS else value for name, value in named.items()}
