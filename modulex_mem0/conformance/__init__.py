"""The kit for authors of integrations: check a declaration, probe it with calls, test it, document it, begin one.

Works on any integration of the contract. The pytest suite needs the extra `testing`; nothing else here does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modulex_mem0.conformance.checking import Report, check
    from modulex_mem0.conformance.examination import Examination, examine
    from modulex_mem0.conformance.finding import Finding, Level
    from modulex_mem0.conformance.page import connector_page
    from modulex_mem0.conformance.page.error_codes import with_table
    from modulex_mem0.conformance.quality.scale import Quality
    from modulex_mem0.conformance.scaffold import ScaffoldError, write_integration

__all__ = [
    "Examination",
    "Finding",
    "Level",
    "Quality",
    "Report",
    "ScaffoldError",
    "check",
    "connector_page",
    "examine",
    "with_table",
    "write_integration",
]

# Imported when they are first used: the command's `--help` pays for none of them.
_MODULES = {
    "Examination": "examination",
    "Finding": "finding",
    "Level": "finding",
    "Quality": "quality.scale",
    "Report": "checking",
    "ScaffoldError": "scaffold",
    "check": "checking",
    "connector_page": "page",
    "examine": "examination",
    "with_table": "page.error_codes",
    "write_integration": "scaffold",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value
