"""Each action under its own name, where ModuleX's executor looks it up."""

from typing import TYPE_CHECKING

from modulex_mem0.hosts.modulex import TOOLS

if TYPE_CHECKING:
    from langchain_core.tools import StructuredTool

    def __getattr__(name: str) -> StructuredTool:
        """The names are those of the actions, and known when this module is imported."""


__all__ = [tool.name for tool in TOOLS]

globals().update({tool.name: tool for tool in TOOLS})
