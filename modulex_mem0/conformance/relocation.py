"""The same integration with its service at another address, so that it can be called without the real one."""

from collections.abc import Iterable

from modulex_mem0.contract import Integration, hookimpl

__all__ = ["Given", "relocated"]


def relocated(integration: Integration, url: str) -> Integration:
    """A copy whose requests go to a URL. Its name differs, since the original is installed beside it.

    A handler asks for paths and its client adds the base URL, so this works for every integration that keeps to the
    client that it is given.
    """
    schemes = tuple(
        scheme.model_copy(update={"base_url": url} if scheme.base_url else {})
        for scheme in integration.profile.auth_schemes
    )
    profile = integration.profile.model_copy(update={"name": f"{integration.name}_under_test", "auth_schemes": schemes})
    return Integration(profile, integration.actions.values)


class Given:
    """A plugin that is handed to a runtime instead of being installed."""

    def __init__(self, *integrations: Integration) -> None:
        self._integrations = integrations

    @hookimpl
    def modulex_integrations(self) -> Iterable[Integration]:
        """Return what it was made with."""
        return self._integrations
