"""The limits that an operator can set."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, get_args

__all__ = ["LARGE_BODY", "RuntimeSettings", "TransportName"]

#: From this many bytes of a reply on, other tasks get a turn between two steps of its processing.
LARGE_BODY = 64 * 1024

_POSITIVE = (
    "timeout",
    "connect_timeout",
    "attempts",
    "max_response_bytes",
    "max_response_values",
    "max_input_values",
    "max_connections",
    "max_credentials",
)

TransportName = Literal["auto", "pyreqwest", "httpx"]
"""What carries requests; `auto` is pyreqwest if the extra `fast` is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings:
    """Limits of a runtime. Times are in seconds.

    Attributes:
        timeout: The deadline of a whole call, retries included. A call whose input asks to wait gets that much more.
        connect_timeout: The longest that one attempt may take to connect.
        attempts: How often a request that is safe to repeat is sent at most.
        retry_wait: The first wait between two attempts; it doubles, with jitter, unless the service says how long.
        max_response_bytes: A larger body, after decompression, is refused.
        max_response_values: A body whose JSON holds more values is refused; as objects in memory they take a hundred
            times their bytes.
        max_input_values: An input with more values is refused.
        transport: Carries the requests: `pyreqwest` (the `fast` extra), `httpx`, or `auto`: pyreqwest where it is
            installed. Requests through a proxy, and those of a forked process whose parent used pyreqwest, go over
            httpx's.
        max_connections: Requests that may be in flight at once, for each event loop; excess requests queue first-in,
            first-out.
        max_credentials: Credentials whose connections are kept, for each event loop; the least recently used are closed
            first. Connections are never shared between credentials.
        max_keepalive: Idle connections that are kept, for each credential.
        keepalive_expiry: How long an idle connection is kept; below the five seconds after which common servers close.
        trust_env: Whether HTTP_PROXY, HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE are honoured.
    """

    timeout: float = 30.0
    connect_timeout: float = 5.0
    attempts: int = 3
    retry_wait: float = 0.25
    max_response_bytes: int = 32 * 1024 * 1024
    max_response_values: int = 250_000
    max_input_values: int = 100_000
    transport: TransportName = "auto"
    max_connections: int = 100
    max_credentials: int = 256
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
        if self.transport == "pyreqwest" and find_spec("pyreqwest") is None:
            raise ValueError("transport='pyreqwest' needs pyreqwest: pip install 'modulex-mem0[fast]'")
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be greater than 0")
        for name in ("retry_wait", "max_keepalive", "keepalive_expiry"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
