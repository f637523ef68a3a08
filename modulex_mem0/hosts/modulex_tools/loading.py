"""Reads a package that was written for ModuleX."""

from importlib import import_module
from typing import Any

from langchain_core.tools import StructuredTool
from modulex_integrations.schema import ActionDefinition, IntegrationManifest

from modulex_mem0.contract import Action, Integration
from modulex_mem0.hosts.modulex_tools.actions import hosted_action
from modulex_mem0.hosts.modulex_tools.profile import hosted_profile
from modulex_mem0.hosts.modulex_tools.schemes import hosted_scheme

__all__ = ["load_package"]


def load_package(prefix: str, key: str, path: str) -> Integration:
    """Import a package and make an integration of it.

    Args:
        prefix: What its name here begins with.
        key: Of its entry point: its name in ModuleX.
        path: Of the package.

    Raises:
        Exception: Whatever its import raises, or what it lacks of ModuleX's contract.
    """
    package = import_module(path)
    manifest = package.manifest
    if not isinstance(manifest, IntegrationManifest):
        raise TypeError(f"{path}.manifest is no IntegrationManifest")
    if manifest.name != key:
        raise ValueError(f"its manifest calls it {manifest.name!r}, its entry point {key!r}")
    tools = {tool.name: tool for tool in package.TOOLS}
    pairs = [(definition, _usable(tools.get(definition.name), definition)) for definition in manifest.actions]
    schemes = tuple(hosted_scheme(key, schema) for schema in manifest.auth_schemas)

    def actions() -> list[Action[Any, Any]]:
        return [hosted_action(definition, tool, schemes) for definition, tool in pairs]

    return Integration(hosted_profile(prefix + key, manifest, schemes), actions)


def _usable(tool: Any, definition: ActionDefinition) -> StructuredTool:  # noqa: ANN401 - whatever the package has
    if not isinstance(tool, StructuredTool) or tool.coroutine is None:
        raise TypeError(f"the action {definition.name} has no asynchronous StructuredTool in TOOLS")
    return tool
