"""The HTTP client of one call: bound to one service and to the call's deadline."""

import asyncio
import json as json_module
import logging
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Any

import httpx

from modulex_mem0 import __version__
from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.deadline import Deadline
from modulex_mem0.runtime.http.errors import failure_of, queue_full, runtime_closed
from modulex_mem0.runtime.http.limited_reading import read_chunks
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.http.retry_policy import is_transient
from modulex_mem0.runtime.http.service import Service
from modulex_mem0.runtime.http.transport import Transports
from modulex_mem0.runtime.settings import LARGE_BODY, RuntimeSettings

__all__ = ["BoundClient"]

logger = logging.getLogger(__name__)

# The transport's own timeouts end at the deadline and say what was waited for; this one only catches a slow drip.
_GRACE = 0.1
# What we ask for. Another encoding, or one within another, could unfold without bound before its size is seen.
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
_SENT_ALWAYS = (
    (b"accept", b"application/json"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"user-agent", f"modulex-mem0/{__version__}".encode()),
)
_encode = json_module.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class BoundClient:
    """Implements `modulex_mem0.contract.HttpClient`.

    Requests go straight to the transport: an `httpx.AsyncClient` around it would add redirects, cookies and
    environment lookups, none of which a connector wants, and a third of the cost of a call.
    """

    __slots__ = (
        "_base",
        "_changes",
        "_deadline",
        "_headers",
        "_redactor",
        "_repeatable",
        "_settings",
        "_transports",
        "received",
    )

    def __init__(
        self,
        transports: Transports,
        settings: RuntimeSettings,
        service: Service,
        deadline: Deadline,
        *,
        safe_to_retry: bool,
    ) -> None:
        self._transports = transports
        self._settings = settings
        self._redactor = service.redactor
        self._deadline = deadline
        self._repeatable = safe_to_retry
        self._base = service.base_url
        self._headers = [*_SENT_ALWAYS, *_raw(service.headers)]
        #: Bytes of all replies together.
        self.received = 0
        self._changes: list[_Sending] = []

    def __repr__(self) -> str:
        return "<BoundClient>"

    @property
    def carries_requests(self) -> bool:
        """True: a handler with a service makes no requests of its own."""
        return True

    @property
    def changed(self) -> bool:
        """True once a request that must not be repeated has left and may have been carried out."""
        return any(sending.begun for sending in self._changes)

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | float | bool] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        safe_to_retry: bool | None = None,
    ) -> HttpReply:
        """Send a request, again where that is safe and helps, and read the whole reply. See the contract."""
        request = self._build(method, path, params, json)
        if safe_to_retry is None:
            safe_to_retry = self._repeatable or method == "GET"
        if not safe_to_retry:
            return await self._send_once(request, safe_to_retry=False)
        outcome: HttpReply | ActionError
        try:
            outcome = await self._send_once(request, safe_to_retry=True)
        except ActionError as error:
            outcome = error
        if is_transient(outcome):
            from modulex_mem0.runtime.http.retry import repeat  # noqa: PLC0415 - most calls need no retry

            return await repeat(
                outcome, lambda: self._send_once(request, safe_to_retry=True), self._settings, self._deadline
            )
        if isinstance(outcome, ActionError):
            raise outcome
        return outcome

    def _build(
        self, method: str, path: str, params: Mapping[str, str | int | float | bool] | None, json: object
    ) -> httpx.Request:
        _check_path(path)
        content = b""
        if json is not None:
            try:
                content = _encode(json).encode()
            except (ValueError, TypeError, RecursionError) as error:
                raise ActionError(ErrorCode.INVALID_INPUT, f"a value cannot be sent as JSON: {error}") from None
        try:
            url, host = _address(self._base + path)
            if params:
                url = url.copy_merge_params(params)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ActionError(ErrorCode.INVALID_INPUT, f"the address cannot be used: {error}") from None
        # Nothing is raised to the handler with the headers in reach.
        headers = [(b"host", host), *self._headers]
        if json is not None:
            headers.append((b"content-type", b"application/json"))
        if content or method not in ("GET", "DELETE"):
            headers.append((b"content-length", b"%d" % len(content)))
        return httpx.Request(method, url, headers=headers, stream=httpx.ByteStream(content))

    async def _send_once(self, request: httpx.Request, *, safe_to_retry: bool) -> HttpReply:
        remaining = self._deadline.remaining()
        if remaining <= 0:
            raise ActionError(ErrorCode.TIMEOUT, "the call's deadline passed before the request was sent")
        request.extensions = {
            "timeout": {
                "connect": min(self._settings.connect_timeout, remaining),
                "pool": remaining,
                "read": remaining,
                "write": remaining,
            }
        }
        url = request.url
        pool = self._transports.pool()
        transport = self._transports.transport(pool, url.scheme, url.host, url.port)
        sending = _Sending()
        if not safe_to_retry:
            request.extensions["trace"] = sending
            self._changes.append(sending)
        queued = True
        try:
            async with asyncio.timeout(remaining + _GRACE) as limit:
                pool.enter(limit)
                try:
                    async with pool.places:
                        queued = False
                        reply = await self._exchange(transport, request)
                finally:
                    pool.leave(limit)
        except ActionError:
            raise
        except Exception as error:
            failure = queue_full() if queued else failure_of(error, safe_to_retry=not sending.begun)
            if pool.closed:
                failure = runtime_closed(failure)
            failure.message = self._redactor.text(failure.message)
            sending.begun = failure.code in (ErrorCode.OUTCOME_UNKNOWN, ErrorCode.BAD_RESPONSE)
            raise failure from None
        if 400 <= reply.status < 500:
            sending.begun = False
        return reply

    async def _exchange(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> HttpReply:
        response = await transport.handle_async_request(request)
        try:
            body = await self._read(response)
        finally:
            # The response's own `aclose` adds only what matters to httpx's client.
            await response.stream.aclose()  # type: ignore[union-attr]
        self.received += len(body)
        if logger.isEnabledFor(logging.DEBUG):
            # The path may hold ids, which are not secret, or the key where a service wants it there, which is masked.
            # The query is the caller's affair and stays out.
            path = self._redactor.text(request.url.path)
            logger.debug("%s %s: HTTP %d, %d bytes", request.method, path, response.status_code, len(body))
        if len(body) > LARGE_BODY:
            await asyncio.sleep(0)
        return HttpReply(response.status_code, response.headers, body, self._redactor)

    async def _read(self, response: httpx.Response) -> bytes:
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            raise ActionError(
                ErrorCode.BAD_RESPONSE, "the reply is encoded in a way not asked for", http_status=response.status_code
            )
        # httpx's decoding costs three times the reading, also where there is nothing to decode.
        source: AsyncIterator[bytes] = response.aiter_bytes() if encoding else aiter(response.stream)  # type: ignore[arg-type]
        return b"".join(await read_chunks(source, self._settings.max_response_bytes, response.status_code))


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]


@lru_cache(maxsize=512)
def _address(url: str) -> tuple[httpx.URL, bytes]:
    """A URL and its Host header. Parsing costs as much as all else of a request; a host calls few addresses often."""
    parsed = httpx.URL(url)
    return parsed, parsed.netloc


class _Sending:
    """Notes when a request that must not be repeated begins to leave; until then its failure did no harm."""

    __slots__ = ("begun",)

    def __init__(self) -> None:
        self.begun = False

    async def __call__(self, event: str, _details: object) -> None:
        """Hear from the transport what it does."""
        if event.endswith("send_request_headers.started"):
            self.begun = True


@lru_cache(maxsize=512)
def _check_path(path: str) -> None:
    """A last guard behind the integration's own checks: a path cannot lead to another host or climb out of its place.

    Raises:
        ActionError: `internal`, since an integration must not let such a path come this far.
    """
    safe = path.startswith("/") and "//" not in path and path.isascii() and path.isprintable()
    # Servers and proxies before them may decode separators too, before they resolve the segments.
    plain = path.lower().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/")
    segments = plain.split("/")
    if not safe or any(c in path for c in " ?#\\") or "." in segments or ".." in segments:
        raise ActionError(ErrorCode.INTERNAL, "the integration asked for a path that is not safe")
