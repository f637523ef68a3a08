"""The actions of one integration that a host offers, called through a runtime."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from modulex_mem0.contract import ActionError, Integration, IntegrationManifest
from modulex_mem0.hosts.selection import OfferedAction, offered_actions
from modulex_mem0.runtime import (
    BrokenIntegrationError,
    CredentialMapping,
    ProgressListener,
    Result,
    Runtime,
    UnknownIntegrationError,
)

__all__ = ["Offer"]


class Offer(Mapping[str, OfferedAction]):
    """The offered actions, by name.

    Args:
        runtime: Calls them; who made it closes it.
        integration: The name of an installed integration.
        actions: Only these, by name; None for all that the other limits leave.
        read_only: Only actions that change nothing.
        user_id: Fixes the user.

    Raises:
        BrokenIntegrationError: The integration's own code cannot be used.
        NotOfferedError: An action was asked for by name and the other limits leave it out; or `user_id` is blank.
        UnknownActionError: The integration has no action of that name.
        UnknownIntegrationError: Nothing of that name is installed, or it failed to load.
    """

    def __init__(
        self,
        runtime: Runtime,
        integration: str,
        *,
        actions: Iterable[str] | None = None,
        read_only: bool = False,
        user_id: str | None = None,
    ) -> None:
        self._runtime = runtime
        self._integration = _installed(runtime, integration)
        self.manifest: IntegrationManifest = _manifest(self._integration)
        self._actions = offered_actions(self.manifest, actions=actions, read_only=read_only, user_id=user_id)

    def __repr__(self) -> str:
        return f"<Offer {self.manifest.name}: {', '.join(self._actions)}>"

    def __getitem__(self, name: str) -> OfferedAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        credential: CredentialMapping | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """`Runtime.call` of an offered action, with what is fixed filled in.

        Raises:
            BrokenIntegrationError: The action's own schemas cannot be used.
            KeyError: The action is not offered.
            RuntimeClosedError: The runtime was closed.
        """
        try:
            completed = self[name].complete(arguments)
        except ActionError as error:
            return self.refusal(name, error)
        return await self._runtime.call(
            self.manifest.name, name, completed, credential=credential, on_progress=on_progress
        )

    def call_sync(
        self, name: str, arguments: Mapping[str, Any], *, credential: CredentialMapping | None = None
    ) -> Result:
        """`call` for synchronous code, from any thread."""
        try:
            completed = self[name].complete(arguments)
        except ActionError as error:
            return self.refusal(name, error)
        return self._runtime.call_sync(self.manifest.name, name, completed, credential=credential)

    def refusal(self, name: str, error: ActionError) -> Result:
        """The result of a call that the host refuses itself; its output satisfies the action's schema too."""
        return self._runtime.failed(self.manifest.name, name, error)


def _installed(runtime: Runtime, name: str) -> Integration:
    if name not in runtime.integrations:
        reason = next((f.reason for f in runtime.integrations.failures if f.name == name), None)
        raise UnknownIntegrationError(name, runtime.integrations, reason)
    return runtime.integrations[name]


def _manifest(integration: Integration) -> IntegrationManifest:
    try:
        # The code of the actions is loaded too, so that what is broken is told before an agent calls it.
        manifest, _ = integration.manifest, integration.actions
    except (Exception, SystemExit) as error:
        raise BrokenIntegrationError(integration.name, "its actions", error) from error
    return manifest
