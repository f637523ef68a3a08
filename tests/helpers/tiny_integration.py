"""A small integration on the contract alone, for tests of the runtime."""

from collections.abc import Iterable
from typing import Any

from pydantic import JsonValue

from modulex_mem0.contract import (
    Action,
    ActionInput,
    ActionOutput,
    AuthScheme,
    ConnectionTest,
    Context,
    CredentialField,
    Integration,
    Profile,
    action,
    hookimpl,
)

KEY = "tk-0123456789abcdef"


class SendInput(ActionInput):
    """What to send."""

    path: str = "/things/"
    body: JsonValue = None
    wait: float = 0.0


class SendOutput(ActionOutput):
    """What came back."""

    status: int | None = None
    value: JsonValue = None
    header: str | None = None


async def _send(context: Context, method: str, input: SendInput) -> SendOutput:
    reply = await context.http.send(method, input.path, json=input.body)
    reply.require_success()
    return SendOutput(success=True, status=reply.status, value=reply.json(), header=reply.header("X-Echo"))


@action(title="Fetch", read_only=True, extra_timeout=lambda asked: asked.wait)
async def fetch(context: Context, input: SendInput) -> SendOutput:
    """Read something."""
    return await _send(context, "GET", input)


@action(title="Find", read_only=True)
async def find(context: Context, input: SendInput) -> SendOutput:
    """Read something with a POST."""
    return await _send(context, "POST", input)


@action(title="Change")
async def change(context: Context, input: SendInput) -> SendOutput:
    """Change something; twice is not the same as once."""
    return await _send(context, "POST", input)


@action(title="Replace", idempotent=True)
async def replace(context: Context, input: SendInput) -> SendOutput:
    """Set something; twice is the same as once."""
    return await _send(context, "PUT", input)


ACTIONS: tuple[Action[Any, Any], ...] = (fetch, find, change, replace)


def scheme(**changes: Any) -> AuthScheme:
    """An authentication scheme with a key and a base URL."""
    declared: dict[str, Any] = {
        "type": "api_key",
        "display_name": "Key",
        "description": "A key.",
        "fields": (
            CredentialField(
                name="api_key",
                display_name="Tiny API Key",
                description="The key.",
                environment_variable="TINY_API_KEY",
                sensitive=True,
            ),
            CredentialField(
                name="base_url",
                display_name="Tiny Base URL",
                description="The address.",
                environment_variable="TINY_BASE_URL",
                required=False,
                kind="url",
                default="https://tiny.invalid",
            ),
        ),
        "base_url": "{base_url}",
        "headers": {"X-Tiny-Key": "{api_key}"},
        "connection_test": ConnectionTest(
            url="{base_url}/ping/", success_fields={"status": "ok"}, description="Pings."
        ),
    }
    return AuthScheme(**(declared | changes))


def profile(name: str = "tiny", **changes: Any) -> Profile:
    """An integration without its actions."""
    declared: dict[str, Any] = {
        "name": name,
        "display_name": name.title(),
        "description": "For tests.",
        "version": "1.0.0",
        "author": "The tests",
        "auth_schemes": (scheme(),),
    }
    return Profile(**(declared | changes))


class Plugin:
    """A plugin that returns the integrations that it was made with."""

    def __init__(self, *integrations: Integration, name: str = "tiny-plugin") -> None:
        self.__name__ = name
        self._integrations = integrations

    @hookimpl
    def modulex_integrations(self) -> Iterable[Integration]:
        return self._integrations


def plugin(*actions: Action[Any, Any], name: str = "tiny", **changes: Any) -> Plugin:
    """A plugin with one integration, by default with the actions above."""
    return Plugin(Integration(profile(name, **changes), actions=actions or ACTIONS), name=f"{name}-plugin")
