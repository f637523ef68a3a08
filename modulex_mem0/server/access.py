"""Who may use the server: checks of Host, Origin and token, and the headers that keep a page in its place."""

import hmac
import json
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.server.replies import error_reply
from modulex_mem0.server.settings import ServerSettings

__all__ = ["Access"]

# The page and its files hold nothing that is not in the package.
_PUBLIC = ("/health", "/favicon.ico")
_SAFE = ("GET", "HEAD", "OPTIONS")
_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
_STRICTEST = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'")


class Access:
    """ASGI middleware in front of everything.

    A program sends the token as `Authorization: Bearer …`. The page sends a cookie, which it receives for the token at
    `GET /?token=…` or `POST /session`. The cookie does not contain the token, and no script can read it.

    Args:
        app: What is behind it.
        settings: The server's.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings
        self._token = settings.token.encode()
        self._cookie = hmac.new(self._token, b"modulex session", "sha256").hexdigest().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, and pass it on or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = _single_headers(scope["headers"])
        reply = self._refusal(scope, headers) or self._opened_session(scope)
        if reply is not None:
            await reply(scope, receive, _with_headers(send))
        elif scope["path"] == "/session" and scope["method"] == "POST":
            await self._open_session(scope, receive, _with_headers(send))
        else:
            await self._app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> ASGIApp | None:
        """The reply to a request that may not pass; None for one that may."""
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if not self._settings.allows_host(_host_name(host)):
            return _refuse(403, ErrorCode.FORBIDDEN, "the Host header names another server; see --allowed-host")
        origin = headers.get(b"origin")
        if origin is not None and not self._is_own_origin(origin.decode("latin-1").lower(), host):
            return _refuse(403, ErrorCode.FORBIDDEN, "the Origin header names another site")
        path: str = scope["path"]
        if path in ("/", "/session", *_PUBLIC) or path.startswith("/assets/"):
            return None
        authorization = headers.get(b"authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(b" ")
            if scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token):
                return None
            return _refuse(401, ErrorCode.FORBIDDEN, "the bearer token is not this server's", bearer="invalid_token")
        if self._has_session(scope, headers):
            # A browser names the origin of whatever can change something; other ports of this machine are other origins
            # of the same site, to which it sends the cookie too.
            if scope["method"] in _SAFE or origin is not None:
                return None
            return _refuse(403, ErrorCode.FORBIDDEN, "a request with the page's cookie needs an Origin header")
        return _refuse(401, ErrorCode.FORBIDDEN, "send the server's token as `Authorization: Bearer …`", bearer="")

    def _is_own_origin(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and parts.netloc == host

    def _opened_session(self, scope: Scope) -> ASGIApp | None:
        """The reply to the link that the server prints: the cookie, and the same page without the token."""
        if scope["path"] != "/" or scope["method"] != "GET" or b"token=" not in scope["query_string"]:
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not hmac.compare_digest(given.encode(), self._token):
            return _redirect()
        return _redirect(self._set_cookie(scope))

    async def _open_session(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer `POST /session` with the cookie, for the token that was entered on the page."""
        body = b""
        while len(body) < 4096:
            message = await receive()
            body += message.get("body", b"")
            if message["type"] != "http.request" or not message.get("more_body"):
                break
        try:
            given = json.loads(body)["token"]
        except (ValueError, KeyError, TypeError, RecursionError):
            given = ""
        if not isinstance(given, str) or not hmac.compare_digest(given.strip().encode(errors="replace"), self._token):
            await _refuse(401, ErrorCode.FORBIDDEN, "that is not this server's token")(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json"), self._set_cookie(scope)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"success":true,"error":null}'})

    def _set_cookie(self, scope: Scope) -> tuple[bytes, bytes]:
        cookie = _cookie_name(scope) + b"=" + self._cookie
        return b"set-cookie", cookie + b"; Path=/; HttpOnly; SameSite=Strict"

    def _has_session(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers.get(b"cookie", b"").decode("latin-1"))
        except CookieError:
            return False
        found = cookies.get(_cookie_name(scope).decode())
        return found is not None and hmac.compare_digest(found.value.encode("latin-1", "replace"), self._cookie)


def _cookie_name(scope: Scope) -> bytes:
    # Cookies do not belong to a port: two servers on one machine would overwrite each other's.
    server = scope.get("server")
    return b"modulex_session_%d" % ((server[1] if server else 0) or 0)


def _single_headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers by name; one that is given twice counts as empty, so that no two readers see different values."""
    headers: dict[bytes, bytes] = {}
    for name, value in pairs:
        headers[name] = b"" if name in headers and name != b"cookie" else value
    return headers


def _host_name(host: str) -> str:
    """The name in a Host header, without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _refuse(status: int, code: ErrorCode, message: str, *, bearer: str | None = None) -> ASGIApp:
    headers = {}
    if bearer is not None:
        headers["WWW-Authenticate"] = f'Bearer error="{bearer}"' if bearer else "Bearer"
    return error_reply(ActionError(code, message), status=status, headers=headers)


def _redirect(*headers: tuple[bytes, bytes]) -> ASGIApp:
    async def reply(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 303, "headers": [(b"location", b"/"), *headers]})
        await send({"type": "http.response.body", "body": b""})

    return reply


def _with_headers(send: Send) -> Send:
    """`send` with the headers of every reply added; the page has a policy of its own."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = message.get("headers", ())
            policy = () if any(name == _STRICTEST[0] for name, _ in given) else (_STRICTEST,)
            message = {**message, "headers": [*given, *_HEADERS, *policy]}
        await send(message)

    return sending
