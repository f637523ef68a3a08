"""Who is measured, in the order of the tables."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Final

__all__ = ["ALL", "CLIENT_OVER", "EXCHANGE_OVER", "RAW", "RUNTIMES", "module_of", "why_not"]

#: Our runtime, by the transport that carries it.
RUNTIMES: Final = {"aiohttp": "runtime_aiohttp", "httpx": "runtime_httpx"}
#: httpx's client called by hand over the same transport.
CLIENT_OVER: Final = {"aiohttp": "httpx_over_aiohttp", "httpx": "bare_httpx"}
#: The exchange alone over the same transport: what the runtime adds is counted from here.
EXCHANGE_OVER: Final = {"aiohttp": "runtime_transport", "httpx": "httpx_transport"}

#: No contender, but what the server can take.
RAW: Final = "raw_sockets"

#: What each is called in tables, and what must be installed for it.
ALL: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "runtime_aiohttp": ("runtime, aiohttp", ("aiohttp",)),
    "runtime_httpx": ("runtime, httpx", ()),
    "bare_httpx": ("httpx client", ()),
    "httpx_over_aiohttp": ("httpx client over aiohttp", ("httpx_aiohttp",)),
    "httpx_transport": ("httpx transport, no client", ()),
    "aiohttp_transport": ("httpx-aiohttp transport, no client", ("httpx_aiohttp",)),
    "runtime_transport": ("the runtime's aiohttp transport, no runtime", ("aiohttp",)),
    "bare_aiohttp": ("aiohttp", ("aiohttp",)),
    "official": ("mem0ai.AsyncMemoryClient", ("mem0",)),
    "modulex_tool": ("ModuleX's mem0 tool", ("modulex_integrations",)),
}


def module_of(name: str) -> ModuleType:
    """The file of a contender."""
    return import_module(f"benchmarks.contenders.{name}")


def why_not(name: str) -> str | None:
    """Why a contender cannot be measured here, or None."""
    missing = [package for package in ALL[name][1] if find_spec(package) is None]
    return f"{missing[0]} is not installed" if missing else None
