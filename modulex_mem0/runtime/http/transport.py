"""The port between the HTTP client and what carries its requests, and the choice of the transport."""

import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol
from urllib.request import getproxies, proxy_bypass

from modulex_mem0 import __version__
from modulex_mem0.runtime.credentials import Service
from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = ["COMMON_HEADERS", "Request", "Response", "Transport", "TransportOpener"]

#: Sent with every request, before the headers of the scheme.
COMMON_HEADERS = (
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate"),
    ("user-agent", f"modulex-mem0/{__version__}"),
)


class Request:
    """One request to the service of a transport.

    Attributes:
        method: In capitals.
        url: The whole address, in ASCII.
        body: JSON as bytes; None sends neither a body nor a content type.
        connect_timeout: Seconds that connecting may take.
        timeout: Seconds after which its task is cancelled. A transport that does not learn of a cancellation at once
            drops the connection soon after.
        must_not_repeat: Whether it must be known if the request has begun to leave.
        may_be_sent: False for as long as it is certain that nothing has left.
    """

    __slots__ = ("body", "connect_timeout", "may_be_sent", "method", "must_not_repeat", "timeout", "url")

    def __init__(
        self,
        method: str,
        url: str,
        body: bytes | None,
        connect_timeout: float,
        timeout: float,
        *,
        must_not_repeat: bool,
    ) -> None:
        self.method = method
        self.url = url
        self.body = body
        self.connect_timeout = connect_timeout
        self.timeout = timeout
        self.must_not_repeat = must_not_repeat
        self.may_be_sent = False


class Response:
    """A reply with its whole body.

    Attributes:
        status: The HTTP status.
        header: Returns the value of a header by its name in any case, or None.
        body: Decoded.
    """

    __slots__ = ("body", "header", "status")

    def __init__(self, status: int, header: Callable[[str], str | None], body: bytes) -> None:
        self.status = status
        self.header = header
        self.body = body


class Transport(Protocol):
    """Carries the requests of one credential to one service, and shares its connections with no other credential.

    It keeps no cookies, follows no redirect, sends nothing twice, and adds the credential's headers. A connection on
    which bytes arrived that belong to no reply is closed.
    """

    async def exchange(self, request: Request, limit: int) -> Response:
        """Send a request and read the whole reply, of at most `limit` bytes once it is decoded.

        Raises:
            TransportError: See `http/errors.py`. Only `NotConnectedError` says that nothing was sent.
            ActionError: `bad_response` for a body that is too large or whose encoding cannot be read.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class TransportOpener:
    """Opens transports as the settings and the environment say; for all event loops of a runtime."""

    def __init__(self, settings: RuntimeSettings) -> None:
        self._settings = settings

    def open(self, service: Service) -> Transport:
        """Open a transport for the running event loop.

        Raises:
            Exception: The proxy or the certificates cannot be used.
        """
        proxy = self._proxy_for(service)
        if proxy is None and self._uses_pyreqwest(service):
            _load_pyreqwest()
            # An extra, which programs without it do not have.
            from modulex_mem0.runtime.http.pyreqwest_transport import open_transport  # noqa: PLC0415

            transport = open_transport(service, self._settings)
            if transport is not None:
                return transport
        # 65 ms, which programs with pyreqwest do not pay.
        from modulex_mem0.runtime.http.httpx_transport import HttpxTransport  # noqa: PLC0415

        return HttpxTransport(service, self._settings, proxy)

    def _proxy_for(self, service: Service) -> str | None:
        """The URL of the proxy that the environment names. A loopback address is reached directly, whatever it says.

        Plain http is for loopback addresses only, since a proxy would see the key.
        """
        if not self._settings.trust_env or service.scheme == "http" or service.loopback:
            return None
        proxies = getproxies()
        proxy = proxies.get(service.scheme) or proxies.get("all")
        # NO_PROXY may name a host, or a host with its port.
        bypassed = proxy_bypass(service.host) or proxy_bypass(f"{service.host}:{service.port or 443}")
        if not proxy or bypassed:
            return None
        return proxy if "://" in proxy else f"http://{proxy}"

    def _uses_pyreqwest(self, service: Service) -> bool:
        if self._settings.transport == "httpx" or find_spec("pyreqwest") is None:
            return False
        # It reads these by itself, so the one way to ignore them is httpx.
        named = "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ
        return self._settings.trust_env or service.scheme == "http" or not named


def _load_pyreqwest() -> None:
    """Import pyreqwest in a thread that lives as long as the process.

    Its allocator belongs to the thread that imports it: once that thread has ended, the next client made in another one
    crashes the process (pyreqwest 0.15.1). The thread of synchronous calls ends with its runtime.
    """
    if "pyreqwest" in sys.modules or threading.current_thread() is threading.main_thread():
        return
    loaded = threading.Event()

    def load() -> None:
        try:
            import_module("pyreqwest.client")
        finally:
            loaded.set()
        threading.Event().wait()

    threading.Thread(target=load, name="modulex-mem0 pyreqwest", daemon=True).start()
    loaded.wait()
