"""Every hook is a documented function, and nothing else passes for one."""

import ast
import inspect
from pathlib import Path

import pluggy
import pytest

from modulex_mem0.contract import ENTRY_POINT_GROUP, PROJECT_NAME, hookspecs

SPECS = {
    name: function
    for name, function in vars(hookspecs).items()
    if inspect.isfunction(function) and hasattr(function, f"{PROJECT_NAME}_spec")
}


def test_the_hooks_are_what_pluggy_finds() -> None:
    manager = pluggy.PluginManager(PROJECT_NAME)
    manager.add_hookspecs(hookspecs)
    found = {name for name in vars(manager.hook) if not name.startswith("_")}
    assert found == set(SPECS)
    assert found
    assert (PROJECT_NAME, ENTRY_POINT_GROUP) == ("modulex", "modulex")


@pytest.mark.parametrize("name", SPECS)
def test_a_hook_is_documented_typed_and_public(name: str) -> None:
    assert name.startswith("modulex_")
    assert name in hookspecs.__all__
    documentation = inspect.getdoc(SPECS[name])
    assert documentation
    assert documentation.splitlines()[0].endswith(".")
    assert inspect.signature(SPECS[name]).return_annotation is not inspect.Signature.empty


def test_every_function_of_the_file_is_a_hook() -> None:
    tree = ast.parse(Path(hookspecs.__file__).read_text(encoding="utf-8"))
    assert {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} == set(SPECS)
