"""What ModuleX is offered, derived from the installed integration."""

import logging

from langchain_core.tools import StructuredTool
from modulex_integrations.schema import IntegrationManifest

from modulex_mem0.hosts.modulex.manifest import host_manifest
from modulex_mem0.hosts.modulex.structured import structured_tool
from modulex_mem0.runtime import Runtime, RuntimeSettings

__all__ = ["TOOLS", "manifest"]

logger = logging.getLogger(__name__)

#: The key of the entry point, which ModuleX wants to be the manifest's name; `mem0` is taken there.
_NAME = "modulex_mem0"
_INTEGRATION = "mem0"


def _offered() -> tuple[IntegrationManifest, tuple[StructuredTool, ...]]:
    # Connections are opened at the first call, and closed when the event loop that opened them ends. They are httpx's
    # even where aiohttp is installed: all of ModuleX's connectors use it, so what watches or replaces it sees ours too.
    runtime = Runtime(RuntimeSettings(transport="httpx"))
    try:
        integration = runtime.integrations[_INTEGRATION]
        tools = tuple(structured_tool(runtime, integration, action) for action in integration.actions.values())
        return host_manifest(_NAME, integration.manifest), tools
    except (Exception, SystemExit) as error:
        # It is not known whether ModuleX survives an import that raises, and the other integrations must.
        reasons = [failure.reason for failure in runtime.integrations.failures if failure.name == _INTEGRATION]
        reason = "; ".join(reasons) or f"{type(error).__name__}: {error}"
        logger.exception("integration %s cannot be offered to ModuleX: %s", _INTEGRATION, reason)
        description = f"Cannot be used in this installation: {reason}"
        return IntegrationManifest(name=_NAME, display_name="Mem0", description=description), ()


manifest, TOOLS = _offered()
