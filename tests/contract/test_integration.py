"""An integration loads its actions when they are needed, once, and lists itself without them."""

from collections.abc import Iterable
from typing import Any

import pytest

from modulex_mem0.contract import Action, Integration
from tests.helpers.tiny_integration import ACTIONS, fetch, profile


def test_actions_are_loaded_once_and_only_when_needed() -> None:
    loaded: list[str] = []

    def load() -> Iterable[Action[Any, Any]]:
        loaded.append("now")
        return iter(ACTIONS)

    integration = Integration(profile(), load)
    assert (integration.name, repr(integration), loaded) == ("tiny", "<Integration tiny>", [])
    assert list(integration.actions) == [action.name for action in ACTIONS]
    assert [action.name for action in integration.manifest.actions] == list(integration.actions)
    assert loaded == ["now"]


def test_a_recorded_manifest_spares_the_actions() -> None:
    def load() -> Iterable[Action[Any, Any]]:
        raise AssertionError("the actions were loaded")

    recorded = Integration(profile(), ACTIONS).describe()
    assert Integration(profile(), load, lambda: recorded).manifest == recorded


def test_without_a_record_the_manifest_is_derived() -> None:
    assert Integration(profile(), ACTIONS, lambda: None).manifest == Integration(profile(), ACTIONS).describe()


def test_two_actions_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two actions of tiny are called fetch"):
        _ = Integration(profile(), [fetch, fetch]).actions
