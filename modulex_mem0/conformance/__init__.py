"""The conformance kit for authors of integrations: check a declaration, probe its calls, test, document or begin one.

It works on any integration of the contract. `ConformanceSuite` needs the extra `testing`; nothing else here does:

    from modulex_mem0.conformance import ConformanceSuite, ServiceFixture

    class TestEcho(ConformanceSuite):
        integration = "echo"
        service = ServiceFixture(replies={"say": {"said": "hello"}})
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modulex_mem0.conformance.checker import Examination, check, examine
    from modulex_mem0.conformance.docs_page import connector_page, update_error_code_table
    from modulex_mem0.conformance.fault_server import Reply, Request, json_reply
    from modulex_mem0.conformance.findings import Finding, Level, Report
    from modulex_mem0.conformance.pytest_suite import ConformanceSuite
    from modulex_mem0.conformance.quality import Quality, QualityReport
    from modulex_mem0.conformance.scaffold import ScaffoldError, write_integration
    from modulex_mem0.conformance.testbed import ServiceFixture

__all__ = [
    "ConformanceSuite",
    "Examination",
    "Finding",
    "Level",
    "Quality",
    "QualityReport",
    "Reply",
    "Report",
    "Request",
    "ScaffoldError",
    "ServiceFixture",
    "check",
    "connector_page",
    "examine",
    "json_reply",
    "update_error_code_table",
    "write_integration",
]

# Imported on first use: the command's `--help` needs none of them, and the suite needs an extra.
_MODULES = {
    "ConformanceSuite": "pytest_suite",
    "Examination": "checker",
    "Finding": "findings",
    "Level": "findings",
    "Quality": "quality",
    "QualityReport": "quality",
    "Reply": "fault_server",
    "Report": "findings",
    "Request": "fault_server",
    "ScaffoldError": "scaffold",
    "ServiceFixture": "testbed",
    "check": "checker",
    "connector_page": "docs_page",
    "examine": "checker",
    "json_reply": "fault_server",
    "update_error_code_table": "docs_page",
    "write_integration": "scaffold",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value
