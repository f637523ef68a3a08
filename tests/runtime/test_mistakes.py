"""Mistakes of the program that calls are raised; everything else is answered."""

from collections.abc import Iterable
from typing import Any

import pytest

from modulex_mem0.contract import Action, Integration
from modulex_mem0.runtime import (
    BrokenIntegrationError,
    Runtime,
    RuntimeClosedError,
    RuntimeSettings,
    RuntimeUsageError,
    UnknownActionError,
)
from tests.helpers.calls import call
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import KEY, Plugin, fetch, plugin, profile


async def test_an_unknown_action_is_raised_with_the_nearest_name(runtime: Runtime) -> None:
    with pytest.raises(UnknownActionError, match="did you mean 'fetch'"):
        await runtime.call("tiny", "fetsch", {}, credential={"api_key": KEY})


def test_every_mistake_is_of_one_kind() -> None:
    assert issubclass(UnknownActionError, LookupError)
    for kind in (BrokenIntegrationError, RuntimeClosedError, UnknownActionError):
        assert issubclass(kind, RuntimeUsageError)


@pytest.mark.parametrize("error", [ImportError("gone"), SystemExit(2), RecursionError()])
async def test_actions_that_cannot_be_loaded_are_told_and_the_others_work(
    error: BaseException, server: ScriptedServer
) -> None:
    def load() -> Iterable[Action[Any, Any]]:
        raise error

    server.script(json_reply({}))
    async with Runtime(plugins=[Plugin(Integration(profile("sad"), load)), plugin()]) as runtime:
        with pytest.raises(BrokenIntegrationError, match=f"actions of integration 'sad'.*{type(error).__name__}"):
            await runtime.call("sad", "any", {})
        assert (await call(runtime, "fetch", server=server)).success


async def test_two_actions_of_one_name_are_a_broken_integration() -> None:
    async with Runtime(plugins=[plugin(fetch, fetch)]) as runtime:
        for _ in range(2):
            with pytest.raises(BrokenIntegrationError, match="fetch"):
                await runtime.call("tiny", "fetch", {}, credential={"api_key": KEY})


@pytest.mark.parametrize("setting", ["timeout", "connect_timeout", "attempts", "max_response_bytes", "max_connections"])
@pytest.mark.parametrize("value", [0, -1])
def test_settings_under_which_nothing_works_are_refused(setting: str, value: int) -> None:
    with pytest.raises(ValueError, match=setting):
        RuntimeSettings(**{setting: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", ["retry_wait", "max_keepalive", "keepalive_expiry"])
def test_settings_may_be_nothing_but_not_negative(setting: str) -> None:
    RuntimeSettings(**{setting: 0})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=setting):
        RuntimeSettings(**{setting: -1})  # type: ignore[arg-type]
