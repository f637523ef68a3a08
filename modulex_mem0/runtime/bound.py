"""An integration bound to one credential, for hosts that make many calls with it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from modulex_mem0.contract import ActionError, Profile
from modulex_mem0.runtime.call import Result
from modulex_mem0.runtime.context import ProgressListener
from modulex_mem0.runtime.credentials import CredentialMapping, ResolvedCredential, resolve_credential
from modulex_mem0.runtime.stored_credentials import prepare_credential

if TYPE_CHECKING:
    from modulex_mem0.runtime.runtime import Runtime

__all__ = ["BoundIntegration"]


class BoundIntegration:
    """Calls the actions of one integration with one credential, as `Runtime.call` does.

    The credential is resolved and its headers are rendered once, at the first call, instead of at each. A credential
    that cannot be resolved makes every call fail, each with the same error as `Runtime.call`.

    Args:
        runtime: Makes the calls; it must stay open.
        integration: The name of an installed integration.
        credential: By field name; or the name of a stored one; None reads the environment variables that the manifest
            names.
    """

    def __init__(self, runtime: "Runtime", integration: str, credential: CredentialMapping | str | None) -> None:
        self._runtime = runtime
        self._integration = integration
        self._credential: CredentialMapping | None = prepare_credential(integration, credential)
        self._resolved: ResolvedCredential | None = None

    def __repr__(self) -> str:
        return f"<BoundIntegration {self._integration}>"

    async def call(
        self,
        action: str,
        input: Mapping[str, Any],
        *,
        timeout: float | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """`Runtime.call` with the bound integration and credential."""
        return await self._runtime.call(
            self._integration,
            action,
            input,
            credential=self._resolved or await self._resolve(),
            timeout=timeout,
            on_progress=on_progress,
        )

    def call_sync(
        self,
        action: str,
        input: Mapping[str, Any],
        *,
        timeout: float | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """`Runtime.call_sync` with the bound integration and credential."""
        if self._resolved is None and not self._runtime.integrations.is_deferred(self._integration):
            self._keep(self._runtime.integrations[self._integration].profile)
        return self._runtime.call_sync(
            self._integration,
            action,
            input,
            credential=self._resolved or self._credential,
            timeout=timeout,
            on_progress=on_progress,
        )

    async def _resolve(self) -> CredentialMapping | ResolvedCredential | None:
        self._keep((await self._runtime.loaded(self._integration)).profile)
        return self._resolved or self._credential

    def _keep(self, profile: Profile) -> None:
        # The call has the same failure, and makes a result of it.
        with suppress(ActionError):
            self._resolved = resolve_credential(profile, self._credential)
