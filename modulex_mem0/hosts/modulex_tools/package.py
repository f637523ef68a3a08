"""A package that was written for ModuleX, as an integration of our contract."""

from importlib import import_module
from typing import Any

from langchain_core.tools import StructuredTool
from modulex_integrations.schema import ActionDefinition, IntegrationManifest

from modulex_mem0.contract import Action, Integration, Profile
from modulex_mem0.hosts.modulex_tools.actions import hosted_action
from modulex_mem0.hosts.modulex_tools.schemes import hosted_scheme, https_only

__all__ = ["load_package"]


def load_package(name: str, key: str, path: str) -> Integration:
    """Import a package and make an integration of it.

    Args:
        name: The integration's name in our runtime.
        key: Its name in ModuleX, the key of its entry point.
        path: The import path of the package.

    Raises:
        Exception: The package cannot be imported, or does not fulfil ModuleX's contract.
    """
    package = import_module(path)
    manifest = package.manifest
    if not isinstance(manifest, IntegrationManifest):
        raise TypeError(f"{path}.manifest is not an IntegrationManifest")
    if manifest.name != key:
        raise ValueError(f"the manifest's name is {manifest.name!r}, but the entry point's is {key!r}")
    tools = {tool.name: tool for tool in package.TOOLS}
    pairs = [(definition, _usable(tools.get(definition.name), definition)) for definition in manifest.actions]
    schemes = tuple(hosted_scheme(key, schema) for schema in manifest.auth_schemas)

    def actions() -> list[Action[Any, Any]]:
        return [hosted_action(definition, tool, schemes) for definition, tool in pairs]

    profile = Profile(
        name=name,
        display_name=manifest.display_name,
        description=manifest.description,
        version=manifest.version,
        author=manifest.author,
        logo=manifest.logo,
        app_url=https_only(manifest.app_url),
        categories=tuple(manifest.categories),
        auth_schemes=tuple(hosted.scheme for hosted in schemes),
    )
    return Integration(profile, actions)


def _usable(tool: Any, definition: ActionDefinition) -> StructuredTool:  # noqa: ANN401 - whatever the package has
    if not isinstance(tool, StructuredTool) or tool.coroutine is None:
        raise TypeError(f"the action {definition.name} has no asynchronous StructuredTool in TOOLS")
    return tool
