"""Long-term memory through Mem0 for any workflow platform.

The package has one room per subject; see `docs/architecture.md`. To call an integration, start with
`modulex_mem0.runtime.Runtime`; to write one, with `modulex_mem0.contract`.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
