"""Every action under its own name: where ModuleX's executor looks for what a workflow calls."""

from typing import TYPE_CHECKING

from modulex_mem0.hosts.modulex.offered import TOOLS

if TYPE_CHECKING:
    from langchain_core.tools import StructuredTool

    def __getattr__(name: str) -> StructuredTool:
        """The names are the declarations', and known when this is imported."""


__all__ = [tool.name for tool in TOOLS]

globals().update({tool.name: tool for tool in TOOLS})
