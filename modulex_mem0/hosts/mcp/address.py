"""The address that the HTTP server listens on."""

import ipaddress
from typing import NamedTuple, Self

__all__ = ["Address"]


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `HOST:PORT`, with an IPv6 host in brackets.

        Raises:
            ValueError: It is not of this form.
        """
        host, _, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        bare = host[1:-1] if bracketed else host
        sound = bare and bracketed == (":" in bare) and port.isascii() and port.isdigit() and int(port) <= 65535
        try:
            # As the system's look-up does.
            bare.encode("idna")
        except UnicodeError:
            sound = False
        if not sound:
            raise ValueError(f"{text!r} is not of the form HOST:PORT, as in 127.0.0.1:8000 or [::1]:8000")
        return cls(bare, int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it. Of names, only `localhost` counts."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def authority(self) -> str:
        """The address as part of a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
