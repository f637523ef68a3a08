"""Tells ModuleX what an integration is, in the models of `modulex_integrations.schema`."""

import re

from modulex_integrations.schema import ActionDefinition
from modulex_integrations.schema import IntegrationManifest as HostManifest

from modulex_mem0.contract import ActionManifest, IntegrationManifest
from modulex_mem0.hosts.modulex.authentication import auth_schema
from modulex_mem0.hosts.modulex.parameters import parameter_definitions

__all__ = ["host_manifest"]

_WORDS = re.compile(r"[A-Za-z]+( [A-Za-z]+)*")


def host_manifest(name: str, manifest: IntegrationManifest) -> HostManifest:
    """The manifest of an integration as ModuleX reads it.

    Args:
        name: What ModuleX calls it by: the key of the entry point.
        manifest: Ours.
    """
    return HostManifest(
        name=name,
        display_name=manifest.display_name,
        description=manifest.description,
        version=manifest.version,
        author=manifest.author,
        logo=manifest.logo,
        app_url=manifest.app_url,
        categories=[_category(category) for category in manifest.categories],
        actions=[_action(action) for action in manifest.actions],
        auth_schemas=[auth_schema(scheme) for scheme in manifest.auth_schemes],
    )


def _category(display_name: str) -> str:
    """`Knowledge Base` is the display name of the tag `knowledge-base`; a section such as `A & B` has no other name."""
    return display_name.lower().replace(" ", "-") if _WORDS.fullmatch(display_name) else display_name


def _action(action: ActionManifest) -> ActionDefinition:
    return ActionDefinition(
        name=action.name, description=action.description, parameters=parameter_definitions(action.input_schema)
    )
