"""Opens the transports that carry requests: over aiohttp's connections or httpx's, directly or through a proxy."""

import ssl
from importlib.util import find_spec
from urllib.request import getproxies, proxy_bypass

import httpx

from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = ["Transport", "TransportOpener"]

#: The port behind which a transport may be any library's. A transport takes and returns httpx's requests and replies
#: and raises httpx's exceptions, where `ConnectError` and `ConnectTimeout` mean that nothing was sent. It keeps no
#: cookies, follows no redirect, decodes no body and sends nothing twice. Of a request's extensions it honours
#: `timeout`, and calls `trace` when the request begins to leave.
Transport = httpx.AsyncBaseTransport


class TransportOpener:
    """Opens transports as the settings and the environment say; for all event loops of a runtime."""

    def __init__(self, settings: RuntimeSettings) -> None:
        self._settings = settings
        self._proxies: dict[tuple[str, str, int | None], str | None] = {}
        self._ssl_context: ssl.SSLContext | None = None

    def proxy_for(self, scheme: str, host: str, port: int | None) -> str | None:
        """The URL of the proxy that the environment names for a host."""
        if not self._settings.trust_env:
            return None
        target = (scheme, host, port)
        if target not in self._proxies:
            proxies = getproxies()
            proxy = proxies.get(scheme) or proxies.get("all")
            # NO_PROXY may name a host, or a host with its port.
            bypassed = proxy_bypass(host) or (port is not None and proxy_bypass(f"{host}:{port}"))
            if proxy and "://" not in proxy:
                proxy = f"http://{proxy}"
            self._proxies[target] = proxy if proxy and not bypassed else None
        return self._proxies[target]

    def open(self, scheme: str, proxy: str | None) -> Transport:
        """Open a transport for the running event loop.

        Raises:
            Exception: The proxy or the certificates cannot be used.
        """
        settings = self._settings
        # Plain http needs no certificates: a context without any spares reading them.
        context = self._verifying_context() if scheme == "https" or proxy else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if proxy is None and self._uses_aiohttp():
            # An extra, and 150 ms or more, which programs without it or behind a proxy do not pay.
            from modulex_mem0.runtime.http.aiohttp_transport import AiohttpTransport  # noqa: PLC0415

            return AiohttpTransport(
                ssl_context=context,
                keepalive_expiry=settings.keepalive_expiry if settings.max_keepalive else None,
            )
        limits = httpx.Limits(
            # The pool decides how many may be in flight before a request comes here.
            max_connections=None,
            max_keepalive_connections=settings.max_keepalive,
            keepalive_expiry=settings.keepalive_expiry,
        )
        return httpx.AsyncHTTPTransport(verify=context, limits=limits, proxy=proxy)

    def _uses_aiohttp(self) -> bool:
        chosen = self._settings.transport
        return chosen == "aiohttp" or (chosen == "auto" and find_spec("aiohttp") is not None)

    def _verifying_context(self) -> ssl.SSLContext:
        """One context for all connections: reading the certificates takes tens of milliseconds."""
        if self._ssl_context is None:
            self._ssl_context = httpx.create_ssl_context(trust_env=self._settings.trust_env)
        return self._ssl_context
