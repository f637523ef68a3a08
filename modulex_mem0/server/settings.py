"""The settings of a server."""

import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from modulex_mem0.runtime import HiddenDict, data_directory

__all__ = ["ServerSettings", "TemporaryCredential"]

_MIN_TOKEN = 16
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


@dataclass(frozen=True, slots=True)
class TemporaryCredential:
    """A credential that the server offers while it runs and that is stored nowhere, such as the sandbox's.

    Attributes:
        name: What calls name it by.
        integration: The integration that it belongs to.
        values: By field name.
    """

    name: str
    integration: str
    values: Mapping[str, str] = field(repr=False)

    def hidden(self) -> HiddenDict:
        """The values, as a mapping that stays hidden in a traceback."""
        return HiddenDict(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Settings of a server.

    Attributes:
        host: Address to listen on.
        port: TCP port; 0 picks a free one.
        token: What callers send as `Authorization: Bearer …`.
        integration: The integration that `POST /mcp` serves; others are at `/mcp/{integration}`.
        allowed_hosts: More names that clients reach the server by, without a port.
        directory: Where credentials and runs are kept.
        record_inputs: Whether runs are kept with their inputs.
        max_body_bytes: A larger request body is refused.
        read_timeout: Seconds that a client has to send its request.
        temporary: A credential for calls that have no other.

    Raises:
        ValueError: A setting is out of range; the message names it.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    integration: str = "mem0"
    allowed_hosts: tuple[str, ...] = ()
    directory: Path = field(default_factory=data_directory)
    record_inputs: bool = False
    max_body_bytes: int = 4 * 1024 * 1024
    read_timeout: float = 30.0
    temporary: TemporaryCredential | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port must be 0 to 65535, not {self.port}")
        if len(self.token) < _MIN_TOKEN or not (self.token.isascii() and self.token.isprintable()) or " " in self.token:
            raise ValueError(f"the token must be at least {_MIN_TOKEN} printable ASCII characters without spaces")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server. Of names, only `localhost` counts."""
        return self.host == "localhost" or _address_is(self.host, "is_loopback")

    def allows_host(self, name: str) -> bool:
        """Whether a request may name this server by that name, which is without its port and in lower case.

        A web page can make a name of its own resolve to this machine (DNS rebinding), but no address.
        """
        if name in self.allowed_hosts or name == self.host.lower():
            return True
        if self.is_loopback:
            return name == "localhost" or _address_is(name, "is_loopback")
        if self.host in _WILDCARDS:
            return name == "localhost" or _address_is(name, "version")
        return False


@lru_cache(maxsize=256)
def _address_is(text: str, attribute: str) -> bool:
    try:
        return bool(getattr(ipaddress.ip_address(text), attribute))
    except ValueError:
        return False
