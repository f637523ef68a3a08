"""The kit for authors of integrations: check a declaration, probe it with calls, test it, document it, begin one.

Works on any integration of the contract. `modulex_mem0.conformance.testing` is the pytest suite and needs the extra
`testing`; nothing else here does.
"""

from modulex_mem0.conformance.checking import Report, check
from modulex_mem0.conformance.finding import Finding, Level

__all__ = ["Finding", "Level", "Report", "check"]
