"""Our integration as a package of ModuleX: the value of the entry point `modulex_mem0` in the group `modulex.tools`.

ModuleX reads `manifest` and `TOOLS` here and looks each action up in `tools` under its own name. All of it is derived
when this package is imported: `offered.py` finds what to offer, `manifest.py`, `authentication.py` and
`parameters.py` tell ModuleX about it, `arguments.py` and `structured.py` make the tools.
"""

from typing import TYPE_CHECKING

from modulex_mem0.hosts.modulex.offered import TOOLS, manifest

if TYPE_CHECKING:
    from langchain_core.tools import StructuredTool

__all__ = ["TOOLS", "manifest"]


def __getattr__(name: str) -> "StructuredTool":
    """An action, as ModuleX's own packages give theirs: `from modulex_mem0.hosts.modulex import add_memories`."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
