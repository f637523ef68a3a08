"""The package that ModuleX finds: its entry point, manifest and tools; and it passes ModuleX's own tests."""

import importlib
import subprocess
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")

from langchain_core.tools import StructuredTool
from modulex_integrations.schema import IntegrationManifest
from pydantic import BaseModel, ValidationError

from modulex_mem0.runtime import discover

_KEY = "modulex_mem0"
_PATH = "modulex_mem0.hosts.modulex"
_THEIR_PATH = "modulex_integrations.tools.mem0"
# Ours has more actions than the three that upstream counts; that those three exist is tested elsewhere.
_COUNTS = "TestManifest::test_manifest_exposes_3_actions"


def test_the_entry_point_is_a_package_path_and_its_key_is_the_manifests_name() -> None:
    (point,) = entry_points(group="modulex.tools", name=_KEY)
    assert point.value == _PATH
    assert point.load().manifest.name == _KEY


def test_the_package_has_what_upstreams_packages_have() -> None:
    package = importlib.import_module(_PATH)
    assert type(package.manifest) is IntegrationManifest
    assert type(package.TOOLS) is tuple
    assert all(type(tool) is StructuredTool for tool in package.TOOLS)


def test_every_action_is_in_the_manifest_among_the_tools_and_under_its_own_name() -> None:
    package = importlib.import_module(_PATH)
    tools = importlib.import_module(f"{_PATH}.tools")
    names = list(discover()["mem0"].actions)
    assert [action.name for action in package.manifest.actions] == names
    assert [tool.name for tool in package.TOOLS] == names
    assert tools.__all__ == names
    for name, tool in zip(names, package.TOOLS, strict=True):
        assert getattr(tools, name) is tool
        assert getattr(package, name) is tool


def test_the_output_models_are_those_of_the_actions_and_of_their_records() -> None:
    outputs = importlib.import_module(f"{_PATH}.outputs")
    theirs = importlib.import_module(f"{_THEIR_PATH}.outputs")
    assert set(theirs.__all__) <= set(outputs.__all__)
    for name in theirs.__all__:
        assert set(getattr(outputs, name).model_fields) == set(getattr(theirs, name).model_fields), name
    for action in discover()["mem0"].actions.values():
        assert isinstance(action.output, type)
        assert list(getattr(outputs, action.output.__name__).model_fields) == list(action.output.model_fields)


def test_an_output_model_reads_records_as_objects_and_refuses_unknown_fields() -> None:
    outputs = importlib.import_module(f"{_PATH}.outputs")
    output = {"success": True, "memories": [{"id": "mem-1", "metadata": {"a": 1}}], "ids": ["mem-1"], "count": 1}
    read = outputs.GetMemoriesOutput.model_validate(output)
    assert isinstance(read.memories[0], outputs.MemoryRecord)
    assert (read.memories[0].id, read.memories[0].metadata, read.next) == ("mem-1", {"a": 1}, None)
    with pytest.raises(ValidationError, match="surprise"):
        outputs.GetMemoriesOutput.model_validate({**output, "surprise": 1})


class _Entity(BaseModel):
    name: str
    part_of: "_Entity | None" = None


class _Relation(BaseModel):
    source: _Entity
    target: _Entity


def test_a_record_in_two_fields_is_of_one_model_and_within_itself_any_value() -> None:
    outputs = importlib.import_module(f"{_PATH}.outputs")
    models = outputs._models(_Relation.model_json_schema())
    town: dict[str, Any] = {"name": "Utrecht", "part_of": {"name": "the Netherlands"}}
    read = models["_Relation"].model_validate({"source": {"name": "Alice"}, "target": town})
    assert type(read.source) is type(read.target) is models["_Entity"]
    assert (read.source.part_of, read.target.part_of) == (None, town["part_of"])


def test_an_unknown_action_is_not_an_attribute() -> None:
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


def test_an_integration_that_cannot_be_loaded_is_reported_and_does_not_break_the_import() -> None:
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


def test_upstreams_own_tests_pass_with_our_tools(tmp_path: Path) -> None:
    pytest.importorskip("pytest_httpx", reason="upstream's tests need pytest-httpx")
    spec = find_spec("modulex_integrations.tools.mem0")
    assert spec is not None
    assert spec.origin is not None
    source = (Path(spec.origin).parent / "tests" / "test_mem0.py").read_text()
    assert f"from {_THEIR_PATH}.outputs import" in source
    copy = tmp_path / "test_upstream.py"
    copy.write_text(source.replace(_THEIR_PATH, _PATH))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", copy.name, "--deselect", f"{copy.name}::{_COUNTS}", "-p", "no:cacheprovider"],
        check=False,
        capture_output=True,
        cwd=tmp_path,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    expected = source.count("def test_") - 1
    assert f"{expected} passed, 1 deselected" in done.stdout
