"""The HTTP client of one call, bound to one service and to the call's deadline."""

import asyncio
import json as json_module
import logging
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Any

import httpx

from modulex_mem0 import __version__
from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.context import Deadline, Reporter
from modulex_mem0.runtime.credentials import Service
from modulex_mem0.runtime.http.errors import error_from_transport, error_when_closed, name_address, not_sent
from modulex_mem0.runtime.http.pool import Pools
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.http.retry import is_transient, retry
from modulex_mem0.runtime.http.transport import Transport
from modulex_mem0.runtime.settings import LARGE_BODY, RuntimeSettings

__all__ = ["ServiceClient"]

logger = logging.getLogger(__name__)

# The transport's own timeouts end at the deadline and say what was waited for; ours only catches a slow drip.
_GRACE = 0.1
# The encodings that are asked for. Another one, or one within another, could expand without bound before its size is
# known.
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
_COMMON_HEADERS = (
    (b"accept", b"application/json"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"user-agent", f"modulex-mem0/{__version__}".encode()),
)
_encode = json_module.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class ServiceClient:
    """Implements `modulex_mem0.contract.HttpClient`.

    Requests go straight to the transport: an `httpx.AsyncClient` around it would add redirects, cookies and
    environment lookups, none of which a connector wants, and a third of the cost of a call.

    Attributes:
        carries_requests: True: the handler's requests go through the client, so that replies are masked and `changed`
            can be relied on.
        received: Bytes of all replies together.
    """

    __slots__ = (
        "_address",
        "_base_url",
        "_deadline",
        "_headers",
        "_pools",
        "_redactor",
        "_report",
        "_safe_to_retry",
        "_settings",
        "_unsafe",
        "received",
    )

    carries_requests = True

    def __init__(
        self,
        pools: Pools,
        settings: RuntimeSettings,
        service: Service,
        deadline: Deadline,
        *,
        safe_to_retry: bool,
        report: Reporter | None = None,
    ) -> None:
        self._pools = pools
        self._settings = settings
        self._redactor = service.redactor
        self._deadline = deadline
        self._safe_to_retry = safe_to_retry
        self._base_url = service.base_url
        self._address = service.address
        self._report = report
        self._headers = list(_COMMON_HEADERS)
        for name, value in service.headers.items():
            self._headers.append((name.lower().encode("ascii"), value.encode("ascii")))
        self._unsafe: list[_UnsafeRequest] = []
        self.received = 0

    def __repr__(self) -> str:
        return "<ServiceClient>"

    @property
    def changed(self) -> bool:
        """Whether a request that must not be repeated may have been carried out."""
        return any(request.may_be_done for request in self._unsafe)

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | float | bool] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        safe_to_retry: bool | None = None,
    ) -> HttpReply:
        """Send a request, again where that is safe and may help, and read the whole reply. See the contract."""
        request = self._build(method, path, params, json)
        if safe_to_retry is None:
            safe_to_retry = self._safe_to_retry or method == "GET"
        if not safe_to_retry:
            return await self._send_once(request, safe_to_retry=False)
        outcome: HttpReply | ActionError
        try:
            outcome = await self._send_once(request, safe_to_retry=True)
        except ActionError as error:
            outcome = error
        if is_transient(outcome):
            return await retry(
                outcome,
                lambda: self._send_once(request, safe_to_retry=True, again=True),
                self._settings,
                self._deadline,
                self._report,
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
            url, host = _parse_url(self._base_url + path)
            if params:
                url = url.copy_merge_params(params)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ActionError(ErrorCode.INVALID_INPUT, f"the address cannot be used: {error}") from None
        # From here on nothing is raised, since the handler would see the headers in the traceback.
        headers = [(b"host", host), *self._headers]
        if json is not None:
            headers.append((b"content-type", b"application/json"))
        if content or method not in ("GET", "DELETE"):
            headers.append((b"content-length", b"%d" % len(content)))
        return httpx.Request(method, url, headers=headers, stream=httpx.ByteStream(content))

    async def _send_once(self, request: httpx.Request, *, safe_to_retry: bool, again: bool = False) -> HttpReply:
        remaining = self._deadline.remaining()
        if remaining <= 0:
            raise not_sent("the call's deadline had passed", again=again)
        request.extensions = {
            "timeout": {
                "connect": min(self._settings.connect_timeout, remaining),
                "pool": remaining,
                "read": remaining,
                "write": remaining,
            }
        }
        url = request.url
        pool = self._pools.current()
        transport = pool.transport(url.scheme, url.host, url.port)
        unsafe = None
        if not safe_to_retry:
            request.extensions["trace"] = unsafe = _UnsafeRequest()
            self._unsafe.append(unsafe)
        queued = True
        try:
            async with asyncio.timeout(remaining + _GRACE) as limit:
                pool.enter(limit)
                try:
                    async with pool.slots:
                        queued = False
                        reply = await self._exchange(transport, request)
                finally:
                    pool.leave(limit)
        except ActionError:
            raise
        except Exception as error:
            if queued:
                failure = not_sent("no connection was free in time; too many calls are open at once", again=again)
            else:
                sent = unsafe is None or unsafe.may_be_done
                failure = error_from_transport(error, safe_to_retry=safe_to_retry, sent=sent)
            if pool.closed:
                failure = error_when_closed(failure)
            failure.message = self._redactor.text(name_address(failure.message, self._address))
            if unsafe is not None:
                unsafe.may_be_done = failure.code in (ErrorCode.OUTCOME_UNKNOWN, ErrorCode.BAD_RESPONSE)
            raise failure from None
        if unsafe is not None and 400 <= reply.status < 500:
            unsafe.may_be_done = False
        return reply

    async def _exchange(self, transport: Transport, request: httpx.Request) -> HttpReply:
        response = await transport.handle_async_request(request)
        try:
            body = await self._read(response)
        finally:
            # The response's own `aclose` adds only what matters to httpx's client.
            await response.stream.aclose()  # type: ignore[union-attr]
        self.received += len(body)
        if logger.isEnabledFor(logging.DEBUG):
            # The path may hold ids, which are not secret, or the key where a service wants it there, which is masked.
            # The query stays out: it may hold what the caller keeps private.
            path = self._redactor.text(request.url.path)
            logger.debug("%s %s: HTTP %d, %d bytes", request.method, path, response.status_code, len(body))
        if len(body) > LARGE_BODY:
            await asyncio.sleep(0)
        return HttpReply(response.status_code, response.headers, body, self._redactor)

    async def _read(self, response: httpx.Response) -> bytes:
        """The decoded body, read no further than the limit."""
        status, limit = response.status_code, self._settings.max_response_bytes
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            raise ActionError(
                ErrorCode.BAD_RESPONSE, "the reply has an encoding that was not asked for", http_status=status
            )
        # httpx's decoding costs three times the reading, even where there is nothing to decode.
        source: AsyncIterator[bytes] = response.aiter_bytes() if encoding else aiter(response.stream)  # type: ignore[arg-type]
        chunks, size = [], 0
        async for chunk in source:
            size += len(chunk)
            if size > limit:
                raise ActionError(
                    ErrorCode.BAD_RESPONSE,
                    f"the reply is larger than {limit} bytes and was not read further",
                    http_status=status,
                )
            chunks.append(chunk)
        return b"".join(chunks)


class _UnsafeRequest:
    """Tracks a request that must not be repeated, as httpx's `trace` extension.

    Attributes:
        may_be_done: Whether it may have been carried out: from when it begins to leave, until it is known to have
            failed without effect.
    """

    __slots__ = ("may_be_done",)

    def __init__(self) -> None:
        self.may_be_done = False

    async def __call__(self, event: str, _details: object) -> None:
        """Called by the transport with what it does."""
        if event.endswith("send_request_headers.started"):
            self.may_be_done = True


@lru_cache(maxsize=512)
def _parse_url(url: str) -> tuple[httpx.URL, bytes]:
    """A URL and its Host header. Parsing costs as much as the rest of a request; a host calls few addresses often."""
    parsed = httpx.URL(url)
    return parsed, parsed.netloc


@lru_cache(maxsize=512)
def _check_path(path: str) -> None:
    """Refuse a path that could lead to another host or climb out of its place; a guard behind the integration's own.

    Raises:
        ActionError: `internal`, since an integration must not let such a path come this far.
    """
    safe = path.startswith("/") and "//" not in path and path.isascii() and path.isprintable()
    # Servers, and proxies before them, may decode separators before they resolve the segments.
    plain = path.lower().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/")
    segments = plain.split("/")
    if not safe or any(c in path for c in " ?#\\") or "." in segments or ".." in segments:
        raise ActionError(ErrorCode.INTERNAL, "the integration asked for a path that is not safe")
