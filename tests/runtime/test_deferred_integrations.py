"""An integration that is dear to import is loaded when it is asked for, once."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from modulex_mem0.contract import Integration, LazyIntegration, hookimpl
from modulex_mem0.runtime import Registry, Runtime, UnknownIntegrationError, discover
from tests.helpers.tiny_integration import ACTIONS, profile


class _Plugin:
    def __init__(self, *integrations: Integration | LazyIntegration) -> None:
        self._integrations = integrations

    @hookimpl
    def modulex_integrations(self) -> Iterable[Integration | LazyIntegration]:
        return self._integrations


def _deferred(name: str, load: Callable[[], Any], distribution: str | None = None) -> LazyIntegration:
    return LazyIntegration(name=name, load=load, distribution=distribution)


def _good(name: str = "late") -> Integration:
    return Integration(profile(name), actions=ACTIONS)


def _raise(error: BaseException) -> Any:
    raise error


def _registry(*integrations: Integration | LazyIntegration) -> Registry:
    return discover([_Plugin(*integrations)])


def test_names_load_nothing() -> None:
    registry = _registry(_deferred("late", lambda: _raise(AssertionError("loaded"))))
    assert "late" in registry
    assert "late" in list(registry)
    assert len(registry) == len(list(registry))
    assert "late" in registry.deferred
    assert registry.distribution_of("late") == "_Plugin"
    assert "late" not in {failure.name for failure in registry.failures}


def test_the_installed_package_that_brings_it_can_be_another_than_the_plugins() -> None:
    assert _registry(_deferred("late", _good, "late-package")).distribution_of("late") == "late-package"


def test_it_is_loaded_when_it_is_asked_for_and_once() -> None:
    loads: list[str] = []

    def load() -> Integration:
        loads.append("once")
        return _good()

    registry = _registry(_deferred("late", load))
    assert registry["late"] is registry["late"]
    assert loads == ["once"]
    assert "late" not in registry.deferred


def test_many_threads_that_ask_at_once_get_the_same() -> None:
    gate = threading.Barrier(8)
    registry = _registry(_deferred("late", _good))
    found: list[Integration] = []

    def ask() -> None:
        gate.wait()
        found.append(registry["late"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (
            lambda: _raise(ModuleNotFoundError("No module named 'boto3'")),
            "ModuleNotFoundError: No module named 'boto3'",
        ),
        (lambda: _raise(SystemExit(3)), "SystemExit: 3"),
        (lambda: None, "it gave NoneType, not an Integration"),
        (lambda: _good("other"), "it calls itself 'other'"),
    ],
)
def test_one_that_does_not_load_is_told_from_then_on(load: Callable[[], Any], reason: str) -> None:
    registry = _registry(_deferred("late", load), _good("early"))
    for _ in range(2):
        with pytest.raises(UnknownIntegrationError, match="'late' failed to load") as caught:
            registry["late"]
        assert reason in str(caught.value)
    assert "late" not in registry
    assert registry.get("late") is None
    (failure,) = [failure for failure in registry.failures if failure.name == "late"]
    assert reason in failure.reason
    assert registry["early"].name == "early"


def test_all_can_be_loaded_and_the_failures_are_told() -> None:
    registry = _registry(_deferred("bad", lambda: _raise(OSError("gone"))), _deferred("late", _good))
    assert "bad" in {failure.name for failure in registry.load_all()}
    assert registry.deferred == ()
    assert "late" in dict(registry.items())
    assert "bad" not in registry


def test_a_name_that_is_taken_is_told_without_loading() -> None:
    registry = _registry(_good(), _deferred("late", lambda: _raise(AssertionError("loaded"))))
    (failure,) = [failure for failure in registry.failures if failure.name == "late"]
    assert "already taken" in failure.reason
    assert registry["late"].name == "late"


async def test_a_call_loads_it() -> None:
    async with Runtime(plugins=[_Plugin(_deferred("late", _good))]) as runtime:
        result = await runtime.call("late", "fetch", {"path": 1}, credential={"api_key": "key"})
        assert result.error is not None
        assert result.error.code == "invalid_input"


async def test_a_call_of_one_that_does_not_load_tells_why() -> None:
    async with Runtime(plugins=[_Plugin(_deferred("late", lambda: _raise(OSError("gone"))))]) as runtime:
        for _ in range(2):
            with pytest.raises(UnknownIntegrationError, match="failed to load: OSError: gone"):
                await runtime.call("late", "fetch", {})
        with pytest.raises(UnknownIntegrationError, match="failed to load: OSError: gone"):
            await runtime.test_credential("late")
