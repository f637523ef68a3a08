"""What a host does with any integration: discover, show, resolve credentials, validate, call, carry HTTP.

Discovering and reading manifests needs no event loop: what calls is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from modulex_mem0.runtime.errors import (
    BrokenIntegrationError,
    RuntimeClosedError,
    RuntimeUsageError,
    UnknownActionError,
    UnknownIntegrationError,
)
from modulex_mem0.runtime.registry import LoadFailure, Registry, discover, distribution_name
from modulex_mem0.runtime.suggestion import did_you_mean

if TYPE_CHECKING:
    from modulex_mem0.runtime.context import Progress, ProgressListener
    from modulex_mem0.runtime.credentials import CredentialMapping, HiddenDict
    from modulex_mem0.runtime.http.errors import error_from_httpx
    from modulex_mem0.runtime.result import Result
    from modulex_mem0.runtime.runtime import Runtime
    from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = [
    "BrokenIntegrationError",
    "CredentialMapping",
    "HiddenDict",
    "LoadFailure",
    "Progress",
    "ProgressListener",
    "Registry",
    "Result",
    "Runtime",
    "RuntimeClosedError",
    "RuntimeSettings",
    "RuntimeUsageError",
    "UnknownActionError",
    "UnknownIntegrationError",
    "did_you_mean",
    "discover",
    "distribution_name",
    "error_from_httpx",
]

_IMPORTED_WHEN_USED = {
    "CredentialMapping": "credentials",
    "HiddenDict": "credentials",
    "error_from_httpx": "http.errors",
    "Progress": "context",
    "ProgressListener": "context",
    "Result": "result",
    "Runtime": "runtime",
    "RuntimeSettings": "settings",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _IMPORTED_WHEN_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_IMPORTED_WHEN_USED[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
