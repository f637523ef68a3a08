"""Our Mem0 integration as a package for ModuleX: the value of the entry point `modulex_mem0` in `modulex.tools`.

ModuleX reads `manifest` and `TOOLS` here, and looks up each action by its name in `tools`. Both are derived from the
installed integration when this package is imported.
"""

import logging
from typing import TYPE_CHECKING

from modulex_integrations.schema import IntegrationManifest

from modulex_mem0.hosts.modulex.host_manifest import host_manifest
from modulex_mem0.hosts.modulex.structured_tool import structured_tool
from modulex_mem0.runtime import Runtime, RuntimeSettings

if TYPE_CHECKING:
    from langchain_core.tools import StructuredTool

__all__ = ["TOOLS", "manifest"]

logger = logging.getLogger(__name__)

#: The key of the entry point, which must be the manifest's name; ModuleX's own connector has the key `mem0`.
_NAME = "modulex_mem0"
_INTEGRATION = "mem0"
_DISPLAY_NAME = "Mem0"


def _derived() -> "tuple[IntegrationManifest, tuple[StructuredTool, ...]]":
    # Connections are opened by the first call, and closed when the event loop that opened them ends. The transport is
    # httpx even if pyreqwest is installed: ModuleX's connectors use it, so what observes or replaces it sees ours too.
    runtime = Runtime(RuntimeSettings(transport="httpx"))
    try:
        integration = runtime.integrations[_INTEGRATION]
        tools = tuple(structured_tool(runtime, integration, action) for action in integration.actions.values())
        return host_manifest(_NAME, integration.manifest), tools
    except (Exception, SystemExit) as error:
        # ModuleX may not survive an import that raises, and its other connectors must keep working.
        reasons = [failure.reason for failure in runtime.integrations.failures if failure.name == _INTEGRATION]
        reason = "; ".join(reasons) or f"{type(error).__name__}: {error}"
        logger.exception("integration %s cannot be offered to ModuleX: %s", _INTEGRATION, reason)
        description = f"Cannot be used in this installation: {reason}"
        return IntegrationManifest(name=_NAME, display_name=_DISPLAY_NAME, description=description), ()


manifest, TOOLS = _derived()


def __getattr__(name: str) -> "StructuredTool":
    """An action by name, as ModuleX's own packages have it: `from modulex_mem0.hosts.modulex import add_memories`."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
