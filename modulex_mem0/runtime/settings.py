"""The limits that an operator can set."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, get_args

__all__ = ["LARGE_BODY", "RuntimeSettings", "TransportName"]

#: From this many bytes of a reply on, other tasks get a turn between two steps of its processing.
LARGE_BODY = 64 * 1024

TransportName = Literal["auto", "aiohttp", "httpx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings:
    """Limits of a runtime. Times are in seconds.

    Attributes:
        timeout: The deadline of a whole call, retries included. A call whose input asks to wait gets that much more.
        connect_timeout: The longest that one attempt may take to connect.
        attempts: How often a request that is safe to repeat is sent at most.
        retry_wait: The first wait between two attempts; it doubles, with jitter, unless the service says how long.
        max_response_bytes: A larger body, after decompression, is refused.
        transport: Carries the requests: `aiohttp` (the `fast` extra), `httpx`, or `auto`: aiohttp where it is
            installed. Requests through a proxy always go over httpx's.
        max_connections: Requests that may be in flight at once, for each event loop; excess requests queue first-in,
            first-out.
        max_keepalive: Idle connections that are kept, for each event loop. aiohttp keeps all that were open, or none if
            this is 0.
        keepalive_expiry: How long an idle connection is kept; below the five seconds after which common servers close.
        trust_env: Whether HTTP_PROXY, HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE are honoured.
    """

    timeout: float = 30.0
    connect_timeout: float = 5.0
    attempts: int = 3
    retry_wait: float = 0.25
    max_response_bytes: int = 32 * 1024 * 1024
    transport: TransportName = "auto"
    max_connections: int = 100
    max_keepalive: int = 100
    keepalive_expiry: float = 4.0
    trust_env: bool = True

    def __post_init__(self) -> None:
        """Refuse settings under which no call could succeed.

        Raises:
            ValueError: Names the setting.
        """
        if self.transport not in get_args(TransportName):
            raise ValueError(f"transport must be one of {', '.join(get_args(TransportName))}")
        if self.transport == "aiohttp" and find_spec("aiohttp") is None:
            raise ValueError("transport='aiohttp' needs aiohttp: pip install 'modulex-mem0[fast]'")
        for name in ("timeout", "connect_timeout", "attempts", "max_response_bytes", "max_connections"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be greater than 0")
        for name in ("retry_wait", "max_keepalive", "keepalive_expiry"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
