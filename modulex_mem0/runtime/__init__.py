"""The runtime: a host discovers integrations with it, shows them, resolves credentials, validates and calls.

Discovering integrations and reading manifests needs neither an event loop nor HTTP, so the names that do are imported
at their first use: asyncio takes 17 ms, httpx 65 ms.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from modulex_mem0.runtime.distributions import distribution_name, installed_entry_points
from modulex_mem0.runtime.errors import (
    BrokenIntegrationError,
    RuntimeClosedError,
    RuntimeUsageError,
    UnknownActionError,
    UnknownIntegrationError,
    did_you_mean,
    reason_of,
)
from modulex_mem0.runtime.registry import LoadFailure, Registry, discover

if TYPE_CHECKING:
    from modulex_mem0.runtime.bound import BoundIntegration
    from modulex_mem0.runtime.call import Result
    from modulex_mem0.runtime.context import Progress, ProgressListener
    from modulex_mem0.runtime.credentials import CredentialMapping, HiddenDict
    from modulex_mem0.runtime.encryption_key import CredentialStoreError
    from modulex_mem0.runtime.http.httpx_transport import error_from_httpx
    from modulex_mem0.runtime.runtime import Runtime
    from modulex_mem0.runtime.settings import RuntimeSettings, TransportName
    from modulex_mem0.runtime.stored_credentials import (
        CredentialConflictError,
        StoredCredential,
        StoredCredentials,
        UnknownCredentialError,
        data_directory,
    )

__all__ = [
    "BoundIntegration",
    "BrokenIntegrationError",
    "CredentialConflictError",
    "CredentialMapping",
    "CredentialStoreError",
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
    "StoredCredential",
    "StoredCredentials",
    "TransportName",
    "UnknownActionError",
    "UnknownCredentialError",
    "UnknownIntegrationError",
    "data_directory",
    "did_you_mean",
    "discover",
    "distribution_name",
    "error_from_httpx",
    "installed_entry_points",
    "reason_of",
]

_IMPORTED_WHEN_USED = {
    "BoundIntegration": "bound",
    "CredentialConflictError": "stored_credentials",
    "CredentialMapping": "credentials",
    "CredentialStoreError": "encryption_key",
    "HiddenDict": "credentials",
    "Progress": "context",
    "ProgressListener": "context",
    "Result": "call",
    "Runtime": "runtime",
    "RuntimeSettings": "settings",
    "StoredCredential": "stored_credentials",
    "StoredCredentials": "stored_credentials",
    "TransportName": "settings",
    "UnknownCredentialError": "stored_credentials",
    "data_directory": "stored_credentials",
    "error_from_httpx": "http.httpx_transport",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _IMPORTED_WHEN_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_IMPORTED_WHEN_USED[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
