"""The pooled transports of a runtime: one for each event loop and proxy, shared by all calls."""

import asyncio
import threading
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

from modulex_mem0.runtime.settings import RuntimeSettings

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = ["Transports"]

_Pools = dict[str | None, "httpx.AsyncBaseTransport"]


class Transports:
    """Hands out the transport of the running event loop.

    A transport belongs to the loop that opened its connections, so each loop has its own. httpx is imported when the
    first one is made.
    """

    def __init__(self, settings: RuntimeSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pools] = WeakKeyDictionary()
        self._proxies: dict[tuple[str, str], str | None] = {}
        self._ssl_context: ssl.SSLContext | None = None

    def for_host(self, scheme: str, host: str) -> "httpx.AsyncBaseTransport":
        """The transport of the running loop that leads to a host, through a proxy where the environment names one."""
        loop = asyncio.get_running_loop()
        proxy = self._proxy(scheme, host)
        pools = self._pools.get(loop)
        if pools is None:
            with self._lock:
                self._forget_closed_loops()
                pools = self._pools.setdefault(loop, {})
        if proxy not in pools:
            pools[proxy] = self._open(proxy)
        return pools[proxy]

    async def aclose(self) -> None:
        """Close the connections of the running loop. Those of other loops are closed by `aclose` in their loop."""
        pools = self._pools.pop(asyncio.get_running_loop(), {})
        for transport in pools.values():
            await transport.aclose()

    def _forget_closed_loops(self) -> None:
        for loop in [loop for loop in self._pools if loop.is_closed()]:
            del self._pools[loop]

    def _proxy(self, scheme: str, host: str) -> str | None:
        if not self._settings.trust_env:
            return None
        if (scheme, host) not in self._proxies:
            proxies = getproxies()
            proxy = proxies.get(scheme) or proxies.get("all")
            self._proxies[scheme, host] = proxy if proxy and not proxy_bypass(host) else None
        return self._proxies[scheme, host]

    def _open(self, proxy: str | None) -> "httpx.AsyncBaseTransport":
        import httpx  # noqa: PLC0415 - costs a tenth of a second, which listing integrations need not pay

        if self._ssl_context is None:
            self._ssl_context = httpx.create_ssl_context(trust_env=self._settings.trust_env)
        settings = self._settings
        limits = httpx.Limits(
            max_connections=settings.max_connections,
            max_keepalive_connections=settings.max_keepalive,
            keepalive_expiry=settings.keepalive_expiry,
        )
        return httpx.AsyncHTTPTransport(verify=self._ssl_context, limits=limits, proxy=proxy)
