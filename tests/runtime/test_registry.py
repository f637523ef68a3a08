"""Integrations arrive by entry point, and one that fails takes no other down."""

from pathlib import Path

import pytest

from modulex_mem0.contract import Integration, hookimpl
from modulex_mem0.runtime import Runtime, UnknownIntegrationError, discover
from tests.helpers.calls import call
from tests.helpers.installed import GOOD, install
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import Plugin, plugin, profile


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_our_own_integration_arrives_by_its_entry_point() -> None:
    registry = discover()
    assert "mem0" in registry
    assert registry.distribution_of("mem0") == "modulex-mem0"
    assert registry.failures == ()


async def test_an_installed_integration_is_found_and_called_beside_ours(site: Path, server: ScriptedServer) -> None:
    install(site, "zz-pastebin", GOOD.format(name="pastebin"))
    server.script(json_reply({"a": 1}))
    async with Runtime() as runtime:
        assert {"mem0", "pastebin"} <= set(runtime.integrations)
        assert runtime.integrations.distribution_of("pastebin") == "zz-pastebin"
        result = await call(runtime, "fetch", server=server, integration="pastebin")
        assert len(runtime.integrations["mem0"].manifest.actions) >= 3
    assert result.output["value"] == {"a": 1}


BROKEN = {
    "raises-at-import": ("raise RuntimeError('no\\nway')", "RuntimeError: no way"),
    "exits-at-import": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "does-not-parse": ("def", "SyntaxError"),
    "lacks-a-library": ("import no_such_library", "no_such_library"),
    "unspeakable": ("class E(Exception):\n  def __str__(self): raise ValueError\nraise E", "E: "),
    "implements-nothing": ("x = 1", "hook"),
    "raises-in-hook": (GOOD.replace("return", "raise KeyError('k')\n    return"), "KeyError"),
    "exits-in-hook": (GOOD.replace("return", "raise SystemExit\n    return"), "SystemExit"),
    "returns-nothing": (GOOD.replace("return", "None #"), "NoneType"),
    "returns-text": (GOOD.replace("return", "return 'mem0'#"), "not an Integration"),
    "returns-classes": (GOOD.replace("return", "return [Integration]#"), "not an Integration"),
    "lacks-a-profile": (GOOD.replace("profile({name!r})", "None"), "AttributeError"),
    "bad-declaration": (GOOD.replace("{name!r}", "'Not A Name'"), "name"),
    "misspelt-field": (GOOD.replace("{name!r}", "{name!r}, catgories=()"), "catgories"),
    "wants-arguments": (GOOD.replace("integrations()", "integrations(surprise)"), "surprise"),
}


@pytest.mark.parametrize("distribution", BROKEN)
def test_a_broken_plugin_is_reported_and_the_others_work(site: Path, distribution: str) -> None:
    code, reason = BROKEN[distribution]
    # Both neighbours use the same entry-point name as the broken one.
    install(site, "aa-first", GOOD.format(name="first"), point="same")
    install(site, distribution, code.replace("{name!r}", "'broken'"), point="same")
    install(site, "zz-last", GOOD.format(name="last"), point="same")
    registry = discover()
    assert {"first", "last", "mem0"} <= set(registry)
    assert [(failure.name, failure.distribution) for failure in registry.failures] == [("same", distribution)]
    assert reason in registry.failures[0].reason
    assert "\n" not in registry.failures[0].reason


def test_an_installation_without_metadata_takes_no_other_down(site: Path) -> None:
    install(site, "half-gone", "raise OSError('half')", metadata=False)
    registry = discover()
    assert "mem0" in registry
    assert [failure.name for failure in registry.failures] == ["it"]


def test_of_two_distributions_with_one_name_the_first_stays(site: Path) -> None:
    for distribution in ("bb-second", "aa-first", "cc-third"):
        install(site, distribution, GOOD.format(name="twice"), point=distribution[3:])
    registry = discover()
    assert registry.distribution_of("twice") == "aa-first"
    assert [failure.distribution for failure in registry.failures] == ["bb-second", "cc-third"]
    assert all(failure.name == "twice" and "aa-first" in failure.reason for failure in registry.failures)


def test_no_plugin_can_put_itself_first(site: Path) -> None:
    install(site, "aa-first", GOOD.format(name="twice"))
    install(site, "bb-pushy", GOOD.format(name="twice").replace("@hookimpl", "@hookimpl(tryfirst=True)"))
    assert discover().distribution_of("twice") == "aa-first"


def test_nobody_takes_over_our_name_by_being_given_to_the_runtime() -> None:
    registry = discover([plugin(name="mem0")])
    assert registry.distribution_of("mem0") == "modulex-mem0"
    assert "modulex-mem0" in registry.failures[0].reason


class _Broken:
    @hookimpl
    def modulex_integrations(self, surprise: object) -> list[Integration]:
        return []


def test_a_broken_plugin_that_is_given_is_reported_too() -> None:
    twice = plugin(name="twice")
    registry = discover([_Broken(), twice, twice, plugin(name="fine")])
    assert {"twice", "fine"} <= set(registry)
    assert [failure.name for failure in registry.failures] == ["_Broken", "twice-plugin"]


def test_one_plugin_may_bring_several_integrations_and_keeps_the_good_ones() -> None:
    class Half(Plugin):
        @hookimpl
        def modulex_integrations(self) -> list[Integration]:
            return [Integration(profile("one"), []), "two", Integration(profile("three"), [])]  # type: ignore[list-item]

    registry = discover([Half()])
    assert "one" in registry
    assert len(registry.failures) == 1


async def test_calling_what_failed_to_load_tells_why(site: Path) -> None:
    install(site, "sad-one", "raise RuntimeError('no luck')", point="sad")
    async with Runtime() as runtime:
        with pytest.raises(UnknownIntegrationError, match="failed to load: RuntimeError: no luck"):
            await runtime.call("sad", "any", {})
        with pytest.raises(UnknownIntegrationError, match="did you mean 'mem0'"):
            await runtime.call("memo", "any", {})
