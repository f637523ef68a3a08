"""What a host does with any integration: discover, show, resolve credentials, validate, call, carry HTTP."""

from modulex_mem0.runtime.context import Progress, ProgressListener
from modulex_mem0.runtime.credentials import CredentialMapping
from modulex_mem0.runtime.mistakes import (
    BrokenIntegrationError,
    RuntimeClosedError,
    RuntimeMistake,
    UnknownActionError,
    UnknownIntegrationError,
)
from modulex_mem0.runtime.registry import LoadFailure, Registry, discover
from modulex_mem0.runtime.result import Result
from modulex_mem0.runtime.runtime import Runtime
from modulex_mem0.runtime.settings import RuntimeSettings

__all__ = [
    "BrokenIntegrationError",
    "CredentialMapping",
    "LoadFailure",
    "Progress",
    "ProgressListener",
    "Registry",
    "Result",
    "Runtime",
    "RuntimeClosedError",
    "RuntimeMistake",
    "RuntimeSettings",
    "UnknownActionError",
    "UnknownIntegrationError",
    "discover",
]
