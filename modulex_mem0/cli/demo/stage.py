"""What every step of the demo works with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from modulex_mem0.cli.demo.expecting import expect
from modulex_mem0.cli.demo_session import Page
from modulex_mem0.contract import Integration
from modulex_mem0.runtime import Result, Runtime

__all__ = ["INTEGRATION", "Stage"]

INTEGRATION = "mem0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A runtime, a sandbox behind it, and a page to write on.

    Attributes:
        runtime: Calls the integration, as any host would.
        base_url: Where the sandbox serves.
        api_key: The key that it accepts.
        page: What the audience reads.
    """

    runtime: Runtime
    base_url: str
    api_key: SecretStr
    page: Page

    @property
    def integration(self) -> Integration:
        """The one that the story is about."""
        return self.runtime.integrations[INTEGRATION]

    def credential(self, api_key: SecretStr | None = None) -> dict[str, str | SecretStr]:
        """The credential of a call; with the sandbox's key, unless another is given."""
        return {"api_key": api_key or self.api_key, "base_url": self.base_url}

    async def ask(self, action: str, input: Mapping[str, Any]) -> Result:
        """Call an action without showing it."""
        return await self.runtime.call(INTEGRATION, action, input, credential=self.credential())

    async def call(self, action: str, input: Mapping[str, Any]) -> dict[str, Any]:
        """Show a call and make it.

        Returns:
            The output.

        Raises:
            StoryError: The call failed.
        """
        self.page.sent(action, input)
        result = await self.ask(action, input)
        expect(result.success, f"{action} to succeed, got {json.dumps(result.output.get('error'))}")
        return result.output
