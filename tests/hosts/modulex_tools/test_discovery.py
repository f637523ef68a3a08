"""Packages for ModuleX are found under stable names, imported one by one at first use, and fail one by one."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")

from modulex_mem0.hosts.modulex_tools.plugin import PREFIX
from modulex_mem0.runtime import BrokenIntegrationError, Runtime, UnknownIntegrationError

_IMPORTS = "from modulex_integrations import ActionDefinition, IntegrationManifest as M\n"
_INSTALLED = [point for point in entry_points(group="modulex.tools") if not point.value.startswith("modulex_mem0.")]


def _import_failure(point: EntryPoint) -> str | None:
    """Why a package cannot be imported, found without our code."""
    try:
        importlib.import_module(point.value)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def test_every_installed_package_is_known_by_name_before_any_is_loaded() -> None:
    with Runtime() as runtime:
        expected = {PREFIX + point.name for point in _INSTALLED}
        assert len(expected) == len(_INSTALLED) > 100
        assert set(runtime.integrations.deferred) == expected
        assert {f"{PREFIX}airweave", f"{PREFIX}amazon_alexa", f"{PREFIX}browser_use"} <= set(runtime.integrations)


def test_packages_that_cannot_be_imported_are_reported_with_the_reason_and_all_others_can_be_called(
    loaded: Runtime,
) -> None:
    unusable = {PREFIX + p.name: reason for p in _INSTALLED if (reason := _import_failure(p)) is not None}
    assert {f.name: f.reason for f in loaded.integrations.failures} == unusable
    assert not loaded.integrations.deferred
    usable = {PREFIX + point.name for point in _INSTALLED} - set(unusable)
    assert {name for name in loaded.integrations if name.startswith(PREFIX)} == usable


def test_the_distribution_of_each_is_known(loaded: Runtime) -> None:
    for point in _INSTALLED:
        name = PREFIX + point.name
        if name in loaded.integrations:
            assert point.dist is not None
            assert loaded.integrations.distribution_of(name) == point.dist.name


def test_mem0_is_ours_and_modulexs_own_has_the_prefix(loaded: Runtime) -> None:
    assert loaded.integrations.distribution_of("mem0") == "modulex-mem0"
    assert loaded.integrations.distribution_of(f"{PREFIX}mem0") == "modulex-integrations"
    assert len(loaded.integrations["mem0"].actions) > len(loaded.integrations[f"{PREFIX}mem0"].actions) == 3


def test_our_own_package_for_modulex_is_not_announced(loaded: Runtime) -> None:
    assert "modulex_mem0" in entry_points(group="modulex.tools").names
    assert not [name for name in loaded.integrations if name.endswith("modulex_mem0")]


async def test_for_a_name_without_its_prefix_the_full_name_is_suggested(host: Runtime) -> None:
    with pytest.raises(UnknownIntegrationError, match="did you mean 'modulex_tools_browser_use'"):
        await host.call("browser_use", "list_sessions", {}, credential={"api_key": "key"})


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("import no_such_library", "No module named 'no_such_library'"),
        ("TOOLS = ()", "has no attribute 'manifest'"),
        ("manifest, TOOLS = 1, ()", "is not an IntegrationManifest"),
        (
            _IMPORTS + "manifest, TOOLS = M(name='other', display_name='Other', description='Other.'), ()",
            "the manifest's name is 'other', but the entry point's is 'guest'",
        ),
        (
            _IMPORTS + "manifest = M(name='guest', display_name='Guest', description='A guest.',"
            " actions=[ActionDefinition(name='act', description='Acts.')])\nTOOLS = ()",
            "the action act has no asynchronous StructuredTool in TOOLS",
        ),
        (
            _IMPORTS + "manifest = M(name='guest', display_name='Guest', description='A guest.', auth_schemas=[{"
            "'auth_type': 'api_key', 'display_name': 'Key', 'description': 'A key.', 'setup_environment_variables': [],"
            " 'test_endpoint': {'url': 'https://guest.test/{tenant}', 'success_indicators': {'status_codes': [200]}}"
            "}])\nTOOLS = ()",
            "the template 'https://guest.test/{tenant}' names 'tenant', which is not in the credential",
        ),
    ],
)
def test_a_package_that_breaks_the_contract_does_not_affect_the_others(
    install: Callable[[str, str], None], code: str, reason: str
) -> None:
    install("guest", code)
    with Runtime() as runtime:
        assert f"{PREFIX}guest" in runtime.integrations
        with pytest.raises(UnknownIntegrationError, match="failed to load"):
            runtime.integrations[f"{PREFIX}guest"]
        (failure,) = runtime.integrations.failures
        assert (failure.name, reason in failure.reason) == (f"{PREFIX}guest", True), failure
        assert f"{PREFIX}guest" not in runtime.integrations
        assert runtime.integrations["mem0"].actions


_TOOL = """
from langchain_core.tools import StructuredTool
from pydantic import BaseModel

class Input(BaseModel):
    what: str = ""

class Output(BaseModel):
    success: bool
    error: str | None = None

async def act(what: str = "") -> {output}:
    return Output(success=True)

TOOLS = (StructuredTool(name="act", description="Acts.", args_schema={input}, coroutine=act),)
manifest = M(name="guest", display_name="Guest", description="A guest.",
             actions=[ActionDefinition(name="act", description="Acts.")])
"""


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"input": "{'type': 'object', 'properties': {}}", "output": "Output"}, "does not declare its input"),
        ({"input": "Input", "output": "dict[str, str]"}, "does not declare its output"),
    ],
    ids=["input", "output"],
)
def test_an_action_that_does_not_declare_what_it_takes_and_returns_cannot_be_called(
    install: Callable[[str, str], None], declared: dict[str, str], reason: str
) -> None:
    install("guest", _IMPORTS + _TOOL.format(**declared))
    with Runtime() as runtime, pytest.raises(BrokenIntegrationError, match=f"the action act {reason}"):
        runtime.call_sync(f"{PREFIX}guest", "act", {}, credential={})


def test_of_two_packages_with_one_name_the_first_keeps_it_and_the_other_is_reported(
    install: Callable[[str, str], None],
) -> None:
    install("airweave", "raise AssertionError('loaded in place of the other')")
    with Runtime() as runtime:
        (failure,) = runtime.integrations.failures
        assert failure.name == f"{PREFIX}airweave"
        assert "already taken by modulex-integrations" in failure.reason
        assert runtime.integrations[f"{PREFIX}airweave"].profile.display_name == "Airweave"


def _run(code: str) -> None:
    """Run a program in a fresh interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True)


_FOREIGN = """
import sys
def foreign():
    return sorted(n for n in sys.modules if n.split(".")[0] in ("modulex_integrations", "langchain_core", "langsmith"))
"""


def test_listing_and_calling_mem0_imports_no_package_of_modulex() -> None:
    _run(
        f"""{_FOREIGN}
from modulex_mem0.runtime import Runtime
with Runtime() as runtime:
    assert len(runtime.integrations) > 100
    assert list(runtime.integrations) and runtime.integrations.deferred
    assert "modulex_tools_github" in runtime.integrations
    assert runtime.integrations["mem0"].manifest.actions
    credential = {{"api_key": "key", "base_url": "http://127.0.0.1:9"}}
    result = runtime.call_sync("mem0", "get_memories", {{"user_id": "alice"}}, credential=credential)
    assert result.error.code == "connection_failed", result
    assert foreign() == [], foreign()
"""
    )


def test_using_one_imports_that_one_alone() -> None:
    _run(
        f"""{_FOREIGN}
from modulex_mem0.runtime import Runtime
with Runtime() as runtime:
    assert runtime.integrations["modulex_tools_airweave"].manifest.actions
    packages = {{".".join(n.split(".")[:3]) for n in foreign() if n.startswith("modulex_integrations.tools.")}}
    assert packages == {{"modulex_integrations.tools.airweave"}}, packages
    assert "modulex_tools_airweave" not in runtime.integrations.deferred
"""
    )
