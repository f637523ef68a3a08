"""Translates what ModuleX's manifest says of an integration beside its actions."""

from collections.abc import Iterable

from modulex_integrations.schema import IntegrationManifest

from modulex_mem0.contract import Profile
from modulex_mem0.hosts.modulex_tools.links import https_only
from modulex_mem0.hosts.modulex_tools.schemes import HostedScheme

__all__ = ["hosted_profile"]


def hosted_profile(name: str, manifest: IntegrationManifest, schemes: Iterable[HostedScheme]) -> Profile:
    """The profile of a hosted integration."""
    return Profile(
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
