"""The HTTP client of one call: bound to a credential's service and to the call's deadline."""

import asyncio
import json as json_module
from collections.abc import Mapping
from typing import Any

import httpx

from modulex_mem0 import __version__
from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.credentials import ResolvedCredential
from modulex_mem0.runtime.deadline import Deadline
from modulex_mem0.runtime.http.failures import failure_of, runtime_closed
from modulex_mem0.runtime.http.log_masking import masking
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.http.retry_policy import is_transient
from modulex_mem0.runtime.http.transports import Transports
from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = ["BoundClient"]

# The transport's own timeouts end at the deadline and say what was waited for; this one only catches a slow drip.
_GRACE = 0.1
# What we ask for. Another encoding, or one within another, could unfold without bound before its size is seen.
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})


class BoundClient:
    """Implements `modulex_mem0.contract.HttpClient`.

    Requests go straight to the transport: an `httpx.AsyncClient` around it would add redirects, cookies and
    environment lookups, none of which a connector wants, and a third of the cost of a call.
    """

    __slots__ = (
        "_base",
        "_changes",
        "_credential",
        "_deadline",
        "_headers",
        "_repeatable",
        "_settings",
        "_transports",
    )

    def __init__(
        self,
        transports: Transports,
        settings: RuntimeSettings,
        credential: ResolvedCredential,
        deadline: Deadline,
        *,
        repeatable: bool,
    ) -> None:
        self._transports = transports
        self._settings = settings
        self._credential = credential
        self._deadline = deadline
        self._repeatable = repeatable
        self._base = credential.base_url
        self._headers = httpx.Headers(
            {
                "accept": "application/json",
                "accept-encoding": "gzip, deflate",
                "user-agent": f"modulex-mem0/{__version__}",
            }
            | credential.headers()
        )
        self._changes: list[_Sending] = []

    def __repr__(self) -> str:
        return "<BoundClient>"

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
        repeatable: bool | None = None,
    ) -> HttpReply:
        """Send a request, again where that is safe and helps, and read the whole reply. See the contract."""
        request = self._build(method, path, params, json)
        if repeatable is None:
            repeatable = self._repeatable or method == "GET"
        if not repeatable:
            return await self._send_once(request, repeatable=False)
        outcome: HttpReply | ActionError
        try:
            outcome = await self._send_once(request, repeatable=True)
        except ActionError as error:
            outcome = error
        if is_transient(outcome):
            from modulex_mem0.runtime.http.retry import repeat  # noqa: PLC0415 - most calls need no retry

            return await repeat(
                outcome, lambda: self._send_once(request, repeatable=True), self._settings, self._deadline
            )
        if isinstance(outcome, ActionError):
            raise outcome
        return outcome

    def _build(
        self, method: str, path: str, params: Mapping[str, str | int | float | bool] | None, json: object
    ) -> httpx.Request:
        _check_path(path)
        content: bytes | None = None
        if json is not None:
            try:
                content = json_module.dumps(json, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
            except (ValueError, TypeError, RecursionError) as error:
                raise ActionError(ErrorCode.INVALID_INPUT, f"a value cannot be sent as JSON: {error}") from None
        # From here on nothing is raised to the handler with the headers in reach.
        try:
            request = httpx.Request(method, self._base + path, params=params, headers=self._headers, content=content)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ActionError(ErrorCode.INVALID_INPUT, f"the address cannot be used: {error}") from None
        if content is not None:
            request.headers["content-type"] = "application/json"
        return request

    async def _send_once(self, request: httpx.Request, *, repeatable: bool) -> HttpReply:
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
        if not repeatable:
            request.extensions["trace"] = sending
            # Only the usual transport tells when sending begins.
            sending.begun = not isinstance(transport, httpx.AsyncHTTPTransport)
            self._changes.append(sending)
        try:
            async with asyncio.timeout(remaining + _GRACE) as limit:
                pool.enter(limit)
                try:
                    reply = await self._exchange(transport, request)
                finally:
                    pool.leave(limit)
        except ActionError:
            raise
        except Exception as error:
            failure = failure_of(error, repeatable=not sending.begun)
            if pool.closed:
                failure = runtime_closed(failure)
            failure.message = self._credential.redactor.text(failure.message)
            sending.begun = failure.code in (ErrorCode.OUTCOME_UNKNOWN, ErrorCode.BAD_RESPONSE)
            raise failure from None
        if 400 <= reply.status < 500:
            sending.begun = False
        return reply

    async def _exchange(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> HttpReply:
        with masking(self._credential.redactor):
            response = await transport.handle_async_request(request)
            try:
                body = await self._read(response)
            finally:
                await response.aclose()
        return HttpReply(response.status_code, response.headers, body, self._credential.redactor)

    async def _read(self, response: httpx.Response) -> bytes:
        if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            raise ActionError(
                ErrorCode.BAD_RESPONSE, "the reply is encoded in a way not asked for", http_status=response.status_code
            )
        limit = self._settings.max_response_bytes
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > limit:
                raise ActionError(
                    ErrorCode.BAD_RESPONSE,
                    f"the reply is larger than {limit} bytes and was not read further",
                    http_status=response.status_code,
                )
            chunks.append(chunk)
        return b"".join(chunks)


class _Sending:
    """Notes when a request that must not be repeated begins to leave; until then its failure did no harm."""

    __slots__ = ("begun",)

    def __init__(self) -> None:
        self.begun = False

    async def __call__(self, event: str, _details: object) -> None:
        """Hear from the transport what it does."""
        if event.endswith("send_request_headers.started"):
            self.begun = True


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
