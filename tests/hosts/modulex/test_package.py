"""What ModuleX finds: a plain package path, with the manifest, the tools and a module of tools."""

import importlib
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")

from langchain_core.tools import StructuredTool
from modulex_integrations.schema import IntegrationManifest

from modulex_mem0.runtime import discover

_KEY = "modulex_mem0"
_PATH = "modulex_mem0.hosts.modulex"


def test_the_entry_point_is_a_plain_package_path_and_its_key_is_the_manifests_name() -> None:
    (point,) = entry_points(group="modulex.tools", name=_KEY)
    assert point.value == _PATH
    assert point.load().manifest.name == _KEY


def test_the_package_has_what_upstreams_packages_have() -> None:
    package = importlib.import_module(_PATH)
    assert type(package.manifest) is IntegrationManifest
    assert type(package.TOOLS) is tuple
    assert all(type(tool) is StructuredTool for tool in package.TOOLS)


def test_every_action_is_offered_in_the_manifest_as_a_tool_and_under_its_own_name() -> None:
    package = importlib.import_module(_PATH)
    tools = importlib.import_module(f"{_PATH}.tools")
    names = list(discover()["mem0"].actions)
    assert [action.name for action in package.manifest.actions] == names
    assert [tool.name for tool in package.TOOLS] == names
    assert tools.__all__ == names
    for name, tool in zip(names, package.TOOLS, strict=True):
        assert getattr(tools, name) is tool
        assert getattr(package, name) is tool


def test_a_name_that_is_no_action_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'add_memory'"):
        importlib.import_module(_PATH).add_memory  # noqa: B018


def test_importing_loads_no_other_integration_and_opens_nothing() -> None:
    code = f"""
import socket, sys
socket.socket.connect = socket.getaddrinfo = None
import {_PATH}, {_PATH}.tools
loaded = [name for name in sys.modules if name.startswith("modulex_integrations.tools.")]
assert not loaded, loaded
assert "modulex_mem0.sandbox" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_integration_that_cannot_be_loaded_is_told_and_does_not_break_the_import() -> None:
    code = f"""
import sys
sys.modules["modulex_mem0.mem0.plugin"] = None
from {_PATH} import TOOLS, manifest
from {_PATH}.tools import __all__
assert (TOOLS, __all__, manifest.actions) == ((), [], [])
print(manifest.description)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("Cannot be used in this installation: ModuleNotFoundError: ")
    assert "cannot be offered to ModuleX" in done.stderr
