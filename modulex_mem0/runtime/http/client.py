"""The HTTP client of one call, bound to one service and to the call's deadline."""

import asyncio
import logging
import re
from collections.abc import Mapping
from json import JSONEncoder, encoder
from typing import Any
from urllib.parse import urlencode

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.context import Reporter
from modulex_mem0.runtime.credentials import Service
from modulex_mem0.runtime.deadlines import Deadline
from modulex_mem0.runtime.http.body import check_values
from modulex_mem0.runtime.http.errors import error_from_transport, error_when_closed, name_address, not_sent
from modulex_mem0.runtime.http.pool import Lease, Limit, Pools
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.http.retry import is_transient, retry
from modulex_mem0.runtime.http.transport import Request, Response
from modulex_mem0.runtime.settings import LARGE_BODY, RuntimeSettings

__all__ = ["ServiceClient"]

logger = logging.getLogger(__name__)

# The longest address that both transports take.
_MAX_URL = 65_534
_JSON = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
# The encoder makes this for each value that it encodes, which takes longer than to encode a search. Without the list of
# open containers, a value that contains itself ends with a RecursionError.
_make_encoder = getattr(encoder, "c_make_encoder", None)
_encode = _make_encoder and _make_encoder(
    None, _JSON.default, encoder.encode_basestring, None, ":", ",", False, False, False
)
# Nearly all paths; the others are looked at more closely.
_plain_path = re.compile(r"/(?:[A-Za-z0-9_~:@-][A-Za-z0-9._~:@-]*/)*(?:[A-Za-z0-9_~:@-][A-Za-z0-9._~:@-]*)?").fullmatch

Params = Mapping[str, str | int | float | bool]


class ServiceClient:
    """Implements `modulex_mem0.contract.HttpClient`.

    Attributes:
        carries_requests: True: the handler's requests go through the client, so that replies are masked and `changed`
            can be relied on.
        received: Bytes of all replies together.
        retries: How many requests were sent again.
    """

    __slots__ = (
        "_deadline",
        "_pools",
        "_report",
        "_safe_to_retry",
        "_service",
        "_settings",
        "_unsafe",
        "received",
        "retries",
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
        self._service = service
        self._deadline = deadline
        self._safe_to_retry = safe_to_retry
        self._report = report
        #: Those that must not be repeated. `may_be_sent` is reset once one is known to have failed without effect.
        self._unsafe: list[Request] = []
        self.received = 0
        self.retries = 0

    def __repr__(self) -> str:
        return "<ServiceClient>"

    @property
    def changed(self) -> bool:
        """Whether a request that must not be repeated may have been carried out."""
        return any(request.may_be_sent for request in self._unsafe)

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        safe_to_retry: bool | None = None,
    ) -> HttpReply:
        """Send a request, again where that is safe and may help, and read the whole reply. See the contract."""
        url, body = self._url(path, params), _encoded(json)
        if safe_to_retry is None:
            safe_to_retry = self._safe_to_retry or method == "GET"
        if not safe_to_retry:
            return await self._send_once(method, url, body, safe_to_retry=False)
        outcome: HttpReply | ActionError
        try:
            outcome = await self._send_once(method, url, body, safe_to_retry=True)
            if outcome.status < 400:
                return outcome
        except ActionError as error:
            outcome = error
        if is_transient(outcome):
            return await retry(
                outcome,
                lambda: self._send_once(method, url, body, safe_to_retry=True, again=True),
                self._settings,
                self._deadline,
                self._report,
            )
        if isinstance(outcome, ActionError):
            raise outcome
        return outcome

    def _url(self, path: str, params: Params | None) -> str:
        if not _plain_path(path):
            _check_path(path)
        url = self._service.base_url + path
        if params:
            try:
                url += "?" + urlencode([(name, _text_of(value)) for name, value in params.items()])
            except UnicodeError as error:
                raise ActionError(ErrorCode.INVALID_INPUT, f"the address cannot be used: {error}") from None
        if len(url) > _MAX_URL:
            raise ActionError(ErrorCode.INVALID_INPUT, f"the address is longer than {_MAX_URL} characters")
        return url

    async def _send_once(
        self, method: str, url: str, body: bytes | None, *, safe_to_retry: bool, again: bool = False
    ) -> HttpReply:
        pool = self._pools.current()
        lease = pool.lease(self._service)
        # Opening a transport may have imported a library, and the runtime may have been closed in that time.
        remaining = self._deadline.remaining()
        if remaining <= 0:
            raise not_sent("the call's deadline had passed", again=again)
        connect_timeout = min(self._settings.connect_timeout, remaining)
        request = Request(method, url, body, connect_timeout, remaining, must_not_repeat=not safe_to_retry)
        if not safe_to_retry:
            self._unsafe.append(request)
        self.retries += again
        failure: ActionError | None
        limit = pool.enter(self._deadline)
        lease.users += 1
        try:
            if limit.queued:
                await pool.turn(limit)
            reply = await self._exchange(lease, request)
        except ActionError as error:
            failure = error
        except (Exception, asyncio.CancelledError) as error:
            failure = self._failed(error, request, limit, again=again)
            if failure is None:
                raise
            if pool.closed:
                failure = error_when_closed(failure)
        else:
            if 400 <= reply.status < 500:
                request.may_be_sent = False
            return reply
        finally:
            pool.leave(limit)
            lease.users -= 1
        # The frames of a transport hold the request and the reply as they came, and a handler may print a traceback.
        failure.__context__ = None
        raise failure.with_traceback(None)

    def _failed(self, error: BaseException, request: Request, limit: Limit, *, again: bool) -> ActionError | None:
        """The error of a request that has no reply; None where its task was cancelled by somebody else."""
        if limit.ended(error):
            error = TimeoutError()
        if not isinstance(error, Exception):
            return None
        if limit.queued:
            failure = not_sent("no connection was free in time; too many calls are open at once", again=again)
        else:
            sent = request.may_be_sent
            failure = error_from_transport(error, safe_to_retry=not request.must_not_repeat, sent=sent)
        failure.message = self._service.redactor.text(name_address(failure.message, self._service.address))
        request.may_be_sent = failure.code in (ErrorCode.OUTCOME_UNKNOWN, ErrorCode.BAD_RESPONSE)
        return failure

    async def _exchange(self, lease: Lease, request: Request) -> HttpReply:
        response = await lease.transport.exchange(request, self._settings.max_response_bytes)
        redactor, size = self._service.redactor, len(response.body)
        self.received += size
        if logger.isEnabledFor(logging.DEBUG):
            # The path may hold ids, which are not secret, or the key where a service wants it there, which is masked.
            # The query stays out: it may hold what the caller keeps private.
            path = redactor.text(request.url.removeprefix(self._service.origin).partition("?")[0])
            logger.debug("%s %s: HTTP %d, %d bytes", request.method, path, response.status, size)
        if size > LARGE_BODY:
            body = await self._large(response)
        else:
            body = redactor.body(response.body)
        return HttpReply(response.status, response.header, body, redactor)

    async def _large(self, response: Response) -> bytes:
        """Check and mask a large body in steps, between which others get a turn and the deadline can end it."""
        await asyncio.sleep(0)
        check_values(response.body, self._settings.max_response_values, response.status)
        steps = self._service.redactor.body_in_steps(response.body)
        while True:
            await asyncio.sleep(0)
            try:
                next(steps)
            except StopIteration as masked:
                body: bytes = masked.value
                return body


def _encoded(json: object) -> bytes | None:
    if json is None:
        return None
    try:
        return ("".join(_encode(json, 0)) if _encode else _JSON.encode(json)).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise ActionError(ErrorCode.INVALID_INPUT, f"a value cannot be sent as JSON: {error}") from None


def _text_of(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


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
