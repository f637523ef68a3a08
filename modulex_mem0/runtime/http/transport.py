"""The pooled transports of a runtime: one for each event loop and proxy, shared by all calls."""

import asyncio
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.http.pool import RUNTIME_CLOSED, Pool
from modulex_mem0.runtime.settings import RuntimeSettings

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = ["Transports"]


class Transports:
    """Hands out the pool of the running event loop, and its transports.

    A transport belongs to the loop that opened its connections, so each loop has its own. httpx is imported when the
    first one is made.
    """

    def __init__(self, settings: RuntimeSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()
        self._proxies: dict[tuple[str, str, int | None], str | None] = {}
        self._ssl_context: ssl.SSLContext | None = None
        self._closed = False

    def pool(self) -> Pool:
        """The running loop's.

        Raises:
            ActionError: The runtime was closed, or the loop is ending.
        """
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None and not self._closed:
            with self._lock:
                self._forget_closed_loops()
                pool = self._pools.setdefault(loop, Pool(self._settings.max_connections))
        if pool is None or pool.closed or self._closed:
            raise ActionError(ErrorCode.CONNECTION_FAILED, RUNTIME_CLOSED, retryable=False)
        return pool

    def transport(self, pool: Pool, scheme: str, host: str, port: int | None) -> "httpx.AsyncBaseTransport":
        """The transport of a pool that leads to a host, through a proxy where the environment names one.

        Raises:
            ActionError: `connection_failed` when the proxy or the certificates that the environment names are unusable.
        """
        try:
            proxy = self._proxy(scheme, host, port)
            transport = pool.transports.get((scheme, proxy))
            if transport is None:
                transport = pool.transports[scheme, proxy] = self._open(scheme, proxy)
        except Exception as error:
            raise ActionError(
                ErrorCode.CONNECTION_FAILED,
                f"the proxy or the certificates of the environment cannot be used: {type(error).__name__}: {error}",
                retryable=False,
            ) from None
        return transport

    async def aclose(self) -> None:
        """Close the connections of the running loop. Those of other loops are closed when their loop ends."""
        self._closed = True
        with self._lock:
            pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()

    def _forget_closed_loops(self) -> None:
        for loop in [loop for loop in self._pools if loop.is_closed()]:
            del self._pools[loop]

    def _proxy(self, scheme: str, host: str, port: int | None) -> str | None:
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

    def _open(self, scheme: str, proxy: str | None) -> "httpx.AsyncBaseTransport":
        import httpx  # noqa: PLC0415 - costs a tenth of a second, which listing integrations need not pay

        settings = self._settings
        context = self._verifying() if scheme == "https" or proxy else _plain()
        fast = settings.transport == "aiohttp" or (settings.transport == "auto" and _has_aiohttp())
        if fast and proxy is None:
            from modulex_mem0.runtime.http.aiohttp_transport import AiohttpTransport  # noqa: PLC0415 - an extra

            return AiohttpTransport(
                ssl_context=context,
                keepalive_expiry=settings.keepalive_expiry if settings.max_keepalive else None,
            )
        limits = httpx.Limits(
            # How many may be under way is decided before a request comes here.
            max_connections=None,
            max_keepalive_connections=settings.max_keepalive,
            keepalive_expiry=settings.keepalive_expiry,
        )
        return httpx.AsyncHTTPTransport(verify=context, limits=limits, proxy=proxy)

    def _verifying(self) -> "ssl.SSLContext":
        """One context for all connections: reading the certificates takes tens of milliseconds."""
        import httpx  # noqa: PLC0415 - see above

        if self._ssl_context is None:
            self._ssl_context = httpx.create_ssl_context(trust_env=self._settings.trust_env)
        return self._ssl_context


def _plain() -> "ssl.SSLContext":
    """A context that trusts nobody, for connections that need none."""
    import ssl  # noqa: PLC0415 - only with the first connection

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _has_aiohttp() -> bool:
    return find_spec("aiohttp") is not None
