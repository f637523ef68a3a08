"""Integrations arrive by entry point; lazy ones are loaded at their first use, and one that fails affects no other."""

import json
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.contract import Integration, LazyIntegration, hookimpl
from modulex_mem0.runtime import Registry, Runtime, UnknownActionError, UnknownIntegrationError, discover
from tests.helpers.calls import call, credential_for
from tests.helpers.installed import GOOD, install
from tests.helpers.programs import run_program
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import ACTIONS, Plugin, plugin, profile


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
    "raises-at-import": ("raise RuntimeError('no\\nway')", "RuntimeError: no way (in module_"),
    "exits-at-import": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "does-not-parse": ("def", "SyntaxError"),
    "lacks-a-library": ("import no_such_library", "no_such_library"),
    "unprintable": ("class E(Exception):\n  def __str__(self): raise ValueError\nraise E", "E: "),
    "implements-nothing": ("x = 1", "hook"),
    "raises-in-hook": (GOOD.replace("return", "raise KeyError('k')\n    return"), "KeyError"),
    "exits-in-hook": (GOOD.replace("return", "raise SystemExit\n    return"), "SystemExit"),
    "returns-nothing": (GOOD.replace("return", "None #"), "NoneType"),
    "returns-one": (GOOD.replace("[Integration(", "(Integration(").replace(")]", "))"), "a list of integrations"),
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


def test_an_installation_without_metadata_does_not_affect_the_others(site: Path) -> None:
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


def test_our_own_package_keeps_its_names(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    # Its name sorts before ours, and whoever has the name `mem0` is given the keys.
    install(site, "aa-first", GOOD.format(name="mem0"))
    registry = discover()
    assert registry.distribution_of("mem0") == "modulex-mem0"
    assert registry["mem0"].profile.display_name == "Mem0"
    (failure,) = registry.failures
    assert (failure.name, failure.distribution) == ("mem0", "aa-first")
    assert "already taken by modulex-mem0" in failure.reason
    assert "aa-first brings an integration 'mem0' too, which is not used" in caplog.text


def test_our_names_are_kept_from_a_distribution_that_points_to_our_code_too(site: Path) -> None:
    info = site / "aa_first-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: aa-first\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[modulex]\nmem0 = modulex_mem0.mem0.plugin\n")
    # Ours or theirs: it is our code that runs, and the other is reported.
    registry = discover()
    assert registry["mem0"].profile.display_name == "Mem0"
    assert len(registry.failures) == 1


UNREADABLE = {
    "not-utf-8": b"[console_scripts]\nstr\xf6m = x:y\n",
    "not-in-the-format": b"[modulex]\nno equals sign\n",
    "not-text": bytes(range(256)),
}


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_distribution_whose_entry_points_cannot_be_read_is_one_failure(site: Path, kind: str, metadata: bool) -> None:
    install(site, "aa-first", GOOD.format(name="first"))
    install(site, kind, "", metadata=metadata)
    (site / f"{kind.replace('-', '_')}-1.0.dist-info" / "entry_points.txt").write_bytes(UNREADABLE[kind])
    install(site, "zz-last", GOOD.format(name="last"))
    registry = discover()
    assert {"mem0", "first", "last"} <= set(registry)
    (failure,) = registry.failures
    assert kind in failure.distribution.replace("_", "-")
    assert failure.reason.startswith("its entry points cannot be read: ")


def test_an_integration_whose_package_has_unreadable_metadata_works(site: Path) -> None:
    install(site, "garbled", GOOD.format(name="pastebin"))
    (site / "garbled-1.0.dist-info" / "METADATA").write_bytes(b"Name: \xff\xfe\n")
    registry = discover()
    assert registry.failures == ()
    assert registry["pastebin"].actions.keys() == {"fetch", "find", "change", "replace"}
    assert registry.distribution_of("pastebin") == "unknown distribution"


def _unreadable(site: Path) -> None:
    install(site, "not-utf-8", "")
    (site / "not_utf_8-1.0.dist-info" / "entry_points.txt").write_bytes(UNREADABLE["not-utf-8"])


def test_of_a_distribution_that_is_installed_twice_the_first_on_the_path_counts(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, name in (("later", "old"), ("earlier", "new")):
        (site / folder).mkdir()
        install(site / folder, "twice", GOOD.format(name=name))
        monkeypatch.syspath_prepend(str(site / folder))
    without = discover()
    # Another that cannot be read changes nothing.
    _unreadable(site)
    for registry in (without, discover()):
        assert "new" in registry
        assert "old" not in registry


class _BrokenFinder:
    def find_spec(self, *_arguments: object) -> None:
        return None

    def find_distributions(self, context: object = None) -> Iterable[object]:
        raise RuntimeError("no luck")


@pytest.mark.parametrize("place", [0, 99])
def test_a_finder_that_fails_hides_no_integration(site: Path, monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    install(site, "zz-pastebin", GOOD.format(name="pastebin"))
    finders = sys.meta_path.copy()
    finders.insert(place, _BrokenFinder())
    monkeypatch.setattr(sys, "meta_path", finders)
    assert {"mem0", "pastebin"} <= set(discover())


PRINTING = {
    "at-import": "print('noise')\n" + GOOD,
    "to-the-stream": "import sys\nsys.stdout.write('noise')\nsys.stdout.flush()\n" + GOOD,
    "in-the-hook": GOOD.replace("    return", "    print('noise')\n    return"),
    "replaced": "import io, sys\nprint('noise')\nsys.stdout = io.StringIO()\n" + GOOD,
    "at-loading": GOOD.replace("actions=ACTIONS", "actions=loaded")
    + "\ndef loaded():\n    print('noise')\n    return ACTIONS\n",
}


@pytest.mark.parametrize("kind", PRINTING)
def test_standard_output_is_the_programs_alone(site: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    install(site, "talkative", PRINTING[kind].replace("{name!r}", "'talkative'"))
    before = sys.stdout
    with Runtime() as runtime:
        with pytest.raises(UnknownActionError):
            runtime.call_sync("talkative", "none", {})
        assert "fetch" in runtime.integrations["talkative"].actions
    assert sys.stdout is before
    print("ours")  # noqa: T201 - what is tested
    assert capfd.readouterr() == ("ours\n", "noise" if kind == "to-the-stream" else "noise\n")


@pytest.mark.parametrize("kind", PRINTING)
def test_the_commands_json_is_json_whatever_a_plugin_prints(site: Path, kind: str) -> None:
    install(site, "talkative", PRINTING[kind].replace("{name!r}", "'talkative'"))
    done = run_program("from modulex_mem0.cli import main; main()", arguments=["integrations", "--json"], folder=site)
    names = [listed["name"] for listed in json.loads(done.stdout)["integrations"]]
    assert {"mem0", "talkative"} <= set(names)
    assert "noise" in done.stderr


def test_a_taken_name_is_reported_where_a_person_sees_it(site: Path) -> None:
    install(site, "aa-first", GOOD.format(name="mem0"))
    for arguments in (["integrations"], ["check", "mem0", "--static"], ["check", "--all", "--static"]):
        done = run_program("from modulex_mem0.cli import main; main()", arguments=arguments, folder=site)
        assert "aa-first" in done.stdout, arguments
        assert "aa-first brings an integration 'mem0' too, which is not used" in done.stderr


def test_other_threads_print_as_before_while_an_integration_is_loaded(capfd: pytest.CaptureFixture[str]) -> None:
    def load() -> Integration:
        print("noise")  # noqa: T201 - what is tested
        thread = threading.Thread(target=lambda: print("ours"))  # noqa: T201 - what is tested
        thread.start()
        thread.join()
        return _good()

    assert _registry(_lazy("late", load))["late"].name == "late"
    assert capfd.readouterr() == ("ours\n", "noise\n")


def test_what_is_printed_goes_to_standard_error_until_the_outermost_loading_ends(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def load() -> Integration:
        assert registry["inner"].name == "inner"
        print("noise")  # noqa: T201 - what is tested
        return _good()

    registry = _registry(_lazy("late", load), _lazy("inner", lambda: _good("inner")))
    assert registry["late"].name == "late"
    print("ours")  # noqa: T201 - what is tested
    assert capfd.readouterr() == ("ours\n", "noise\n")


def test_a_program_without_a_standard_output_has_none_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Integration:
        print("noise")  # noqa: T201 - what is tested
        return _good()

    # As in a program of Windows without a console.
    monkeypatch.setattr(sys, "stdout", None)
    assert _registry(_lazy("late", load))["late"].name == "late"
    assert sys.stdout is None


@pytest.mark.parametrize("name", [None, 7, [], "Not A Name", "", "x" * 5 + "\n"])
def test_an_integration_without_a_proper_name_is_a_failure(name: Any) -> None:
    registry = _registry(_lazy(name, _good), _good("early"))
    assert [failure.name for failure in registry.failures] == ["LazyPlugin"]
    # What would compare all names still works.
    with pytest.raises(UnknownIntegrationError, match="did you mean 'mem0'"):
        registry["memo"]


@pytest.mark.parametrize("name", [None, 7, [], {}, b"mem0"])
async def test_a_name_that_is_not_text_is_a_usage_error(name: Any) -> None:
    async with Runtime() as runtime:
        with pytest.raises(UnknownIntegrationError, match=f"must be text, not {type(name).__name__}"):
            await runtime.call(name, "search_memories", {})
        with pytest.raises(UnknownActionError, match=f"must be text, not {type(name).__name__}"):
            await runtime.call("mem0", name, {})
        with pytest.raises(UnknownIntegrationError, match="must be text"):
            await runtime.test_credential(name)
        assert name not in runtime.integrations


def test_a_registry_shows_what_it_holds(site: Path) -> None:
    install(site, "sad-one", "raise RuntimeError('no luck')", point="sad")
    shown = repr(discover([plugin()]))
    assert "mem0" in shown
    assert "tiny" in shown
    assert shown.endswith("; failed: sad>")


def test_no_plugin_can_put_itself_first(site: Path) -> None:
    install(site, "aa-first", GOOD.format(name="twice"))
    install(site, "bb-pushy", GOOD.format(name="twice").replace("@hookimpl", "@hookimpl(tryfirst=True)"))
    assert discover().distribution_of("twice") == "aa-first"


def test_a_given_plugin_cannot_take_over_an_installed_name() -> None:
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


async def test_calling_what_failed_to_load_says_why(site: Path) -> None:
    install(site, "sad-one", "raise RuntimeError('no luck')", point="sad")
    async with Runtime() as runtime:
        with pytest.raises(UnknownIntegrationError, match="failed to load: RuntimeError: no luck"):
            await runtime.call("sad", "any", {})
        with pytest.raises(UnknownIntegrationError, match="did you mean 'mem0'"):
            await runtime.call("memo", "any", {})


class LazyPlugin:
    def __init__(self, *integrations: Integration | LazyIntegration) -> None:
        self._integrations = integrations

    @hookimpl
    def modulex_integrations(self) -> Iterable[Integration | LazyIntegration]:
        return self._integrations


def _lazy(name: str, load: Callable[[], Any], distribution: str | None = None) -> LazyIntegration:
    return LazyIntegration(name=name, load=load, distribution=distribution)


def _good(name: str = "late") -> Integration:
    return Integration(profile(name), actions=ACTIONS)


def _raise(error: BaseException) -> Any:
    raise error


def _registry(*integrations: Integration | LazyIntegration) -> Registry:
    return discover([LazyPlugin(*integrations)])


def test_iterating_over_names_loads_nothing() -> None:
    registry = _registry(_lazy("late", lambda: _raise(AssertionError("loaded"))))
    assert "late" in registry
    assert "late" in list(registry)
    assert len(registry) == len(list(registry))
    assert "late" in registry.deferred
    assert registry.distribution_of("late") == "LazyPlugin"
    assert "late" not in {failure.name for failure in registry.failures}


def test_the_installed_package_that_brings_it_can_be_another_than_the_plugins() -> None:
    assert _registry(_lazy("late", _good, "late-package")).distribution_of("late") == "late-package"


def test_it_is_loaded_at_its_first_use_and_once() -> None:
    loads: list[str] = []

    def load() -> Integration:
        loads.append("once")
        return _good()

    registry = _registry(_lazy("late", load))
    assert registry["late"] is registry["late"]
    assert loads == ["once"]
    assert "late" not in registry.deferred


def test_many_threads_at_once_get_the_same_integration() -> None:
    gate = threading.Barrier(8)
    registry = _registry(_lazy("late", _good))
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
        (lambda: None, "it returned NoneType, not an Integration"),
        (lambda: _good("other"), "its name is 'other'"),
    ],
)
def test_a_failure_to_load_is_reported_from_then_on(load: Callable[[], Any], reason: str) -> None:
    registry = _registry(_lazy("late", load), _good("early"))
    for _ in range(2):
        with pytest.raises(UnknownIntegrationError, match="'late' failed to load") as caught:
            registry["late"]
        assert reason in str(caught.value)
    assert "late" not in registry
    assert registry.get("late") is None
    (failure,) = [failure for failure in registry.failures if failure.name == "late"]
    assert reason in failure.reason
    assert registry["early"].name == "early"


def test_all_can_be_loaded_and_the_failures_are_reported() -> None:
    registry = _registry(_lazy("bad", lambda: _raise(OSError("gone"))), _lazy("late", _good))
    assert "bad" in {failure.name for failure in registry.load_all()}
    assert registry.deferred == ()
    assert "late" in dict(registry.items())
    assert "bad" not in registry


def test_one_that_another_has_loaded_is_not_loaded_again() -> None:
    loads: list[str] = []

    def load(name: str) -> Integration:
        loads.append(name)
        if name == "outer":
            assert registry["inner"].name == "inner"
        return _good(name)

    registry = _registry(*(_lazy(name, partial(load, name)) for name in ("outer", "inner")))
    assert registry.load_all() == ()
    assert loads == ["outer", "inner"]
    assert {"outer", "inner"} <= set(registry)


def test_a_taken_name_is_reported_without_loading() -> None:
    registry = _registry(_good(), _lazy("late", lambda: _raise(AssertionError("loaded"))))
    (failure,) = [failure for failure in registry.failures if failure.name == "late"]
    assert "already taken" in failure.reason
    assert registry["late"].name == "late"


async def test_a_call_loads_it() -> None:
    async with Runtime(plugins=[LazyPlugin(_lazy("late", _good))]) as runtime:
        result = await runtime.call("late", "fetch", {"path": 1}, credential={"api_key": "key"})
        assert result.error is not None
        assert result.error.code == "invalid_input"


async def test_a_test_of_its_credential_loads_it(server: ScriptedServer) -> None:
    server.script(json_reply({"status": "ok"}))
    async with Runtime(plugins=[LazyPlugin(_lazy("late", _good))]) as runtime:
        assert (await runtime.test_credential("late", credential=credential_for(server))).success


async def test_binding_it_to_a_credential_does_not_load_it_and_a_call_does(server: ScriptedServer) -> None:
    server.script(json_reply({}))
    async with Runtime(plugins=[LazyPlugin(_lazy("late", _good))]) as runtime:
        bound = runtime.bind("late", credential=credential_for(server))
        assert "late" in runtime.integrations.deferred
        assert (await bound.call("fetch", {})).success
        assert "late" not in runtime.integrations.deferred


async def test_a_call_of_an_integration_that_does_not_load_says_why() -> None:
    async with Runtime(plugins=[LazyPlugin(_lazy("late", lambda: _raise(OSError("gone"))))]) as runtime:
        for _ in range(2):
            with pytest.raises(UnknownIntegrationError, match="failed to load: OSError: gone"):
                await runtime.call("late", "fetch", {})
        with pytest.raises(UnknownIntegrationError, match="failed to load: OSError: gone"):
            await runtime.test_credential("late")
