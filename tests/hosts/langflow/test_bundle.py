"""The files of the extension, and the command that writes and checks them. Needs no Langflow."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import modulex_mem0
from modulex_mem0.cli.commands.langflow import command
from modulex_mem0.contract import Integration, IntegrationManifest
from modulex_mem0.hosts.langflow import bundle_files, offered_actions
from modulex_mem0.hosts.langflow.text import as_text, rows_of, table_field
from modulex_mem0.runtime import discover
from tests.helpers.installed import GOOD, install
from tests.helpers.tiny_integration import ACTIONS, profile, scheme

MANIFEST: IntegrationManifest = discover()["mem0"].manifest
COMMITTED = Path(modulex_mem0.__file__).parent / "hosts" / "langflow"


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(command, list(arguments))
    return ended.exit_code, ended.output


def test_the_committed_files_are_current() -> None:
    code, output = run(str(COMMITTED), "--integration", "mem0", "--check")
    assert code == 0, output
    assert output.count(": current\n") == len(offered_actions(MANIFEST)) + 3


def test_actions_that_reach_beyond_one_user_are_left_out() -> None:
    names = {path.stem for path in bundle_files(MANIFEST)}
    assert {action.name for action in MANIFEST.actions if action.hints.cross_user} & names == {"check_connection"}
    assert "ConnectionComponent" in bundle_files(MANIFEST)[Path("components", "check_connection.py")]


def test_a_component_is_a_class_of_its_own_and_nothing_else() -> None:
    for path, text in bundle_files(MANIFEST).items():
        if path.suffix != ".py" or path.stem == "__init__":
            continue
        [_, imported, component] = ast.parse(text).body
        assert isinstance(imported, ast.ImportFrom)
        assert imported.module == "modulex_mem0.hosts.langflow"
        # Langflow takes a class for a component by the name of its base.
        assert isinstance(component, ast.ClassDef)
        [base] = component.bases
        assert isinstance(base, ast.Name)
        assert base.id.endswith("Component")
        assert max(len(line) for line in text.splitlines()) <= 120
        assert len(text) < 700


def test_a_changed_form_changes_the_source_of_its_component_alone() -> None:
    data = MANIFEST.model_dump(mode="json")
    [search] = [action for action in data["actions"] if action["name"] == "search_memories"]
    search["input_schema"]["properties"]["limit"]["default"] = 20
    before, after = bundle_files(MANIFEST), bundle_files(IntegrationManifest.model_validate(data))
    changed = [path.stem for path in before if before[path] != after[path]]
    assert changed == ["search_memories"]
    data["auth_schemes"][0]["fields"][0]["display_name"] = "Key"
    again = bundle_files(IntegrationManifest.model_validate(data))
    assert all(after[path] != again[path] for path in after if path.suffix == ".py" and path.stem != "__init__")


def test_the_extension_is_not_named_like_langflows_own_bundle() -> None:
    extension = json.loads(bundle_files(MANIFEST)[Path("extension.json")])
    assert extension["id"] == "lfx-modulex-mem0"
    assert extension["lfx"] == {"compat": ["1"]}
    [bundle] = extension["bundles"]
    assert (bundle["name"], bundle["path"]) == ("modulex_mem0", "components")
    assert extension["capabilities"] == {"requiresCredentials": True}


def test_the_command_writes_and_removes(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "langflow"
    code, output = run(str(folder))
    assert code == 0, output
    own = folder / "components" / "mine.py"
    own.write_text("# by hand\n")
    stale = folder / "components" / "forget_everything.py"
    stale.write_text((folder / "components" / "add_memories.py").read_text())
    (folder / "components" / "get_memory.py").write_text("")
    code, output = run(str(folder), "--check")
    assert code == 1
    assert f"{stale}: is the component of an action that no longer exists" in output
    assert f"--- {folder / 'components' / 'get_memory.py'} (on disk)" in output
    assert stale.exists()
    code, output = run(str(folder))
    assert (code, f"{stale}: removed" in output) == (0, True)
    # What a person wrote stays.
    assert (own.exists(), stale.exists()) == (True, False)
    assert run(str(folder), "--check")[0] == 0


def test_a_file_that_cannot_be_read_is_not_taken_for_a_generated_one(tmp_path: Path) -> None:
    folder = tmp_path / "langflow"
    assert run(str(folder))[0] == 0
    latin = folder / "components" / "cafe.py"
    latin.write_bytes('"""Café."""\n'.encode("latin-1"))
    directory = folder / "components" / "folder.py"
    directory.mkdir()
    assert run(str(folder), "--check")[0] == 0
    code, output = run(str(folder))
    assert (code, "removed" in output) == (0, False)
    assert (latin.exists(), directory.exists()) == (True, True)


def test_any_integration_of_the_contract_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    install(site, "tiny-package", GOOD.format(name="tiny"))
    monkeypatch.syspath_prepend(str(site))
    folder = tmp_path / "out"
    code, output = run(str(folder), "--integration", "tiny")
    assert code == 0, output
    # Its data have no owners, so that every action is one of the flow's own.
    written = sorted(path.stem for path in (folder / "components").iterdir())
    assert written == ["__init__", "change", "check_connection", "fetch", "find", "replace"]
    assert 'integration = "tiny"' in (folder / "components" / "fetch.py").read_text()
    code, output = run(str(folder), "--integration", "nothing")
    assert code == 2
    assert "nothing" in output


def test_an_action_that_is_added_has_a_component_after_one_command(tmp_path: Path) -> None:
    few = Integration(profile("few"), actions=ACTIONS[:1]).describe()
    more = Integration(profile("few"), actions=ACTIONS[:2]).describe()
    added = bundle_files(more).keys() - bundle_files(few).keys()
    assert added == {Path("components", "find.py")}


def test_a_credential_that_cannot_be_tested_has_no_component_that_tests_it() -> None:
    untested = Integration(profile(auth_schemes=(scheme(connection_test=None),)), actions=ACTIONS).describe()
    names = {path.stem for path in bundle_files(untested)}
    assert names == {"extension", "__init__", "fetch", "find", "change", "replace"}


@pytest.mark.parametrize("name", ["modulex_mem0.hosts.langflow", "modulex_mem0.cli.commands.langflow"])
def test_writing_the_files_needs_no_langflow(name: str) -> None:
    program = f"import sys, {name}\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert not {"lfx", "langflow", "langchain_core"} & {module.partition(".")[0] for module in loaded}


def test_where_langflow_is_missing_the_reason_names_it() -> None:
    program = "import sys; sys.modules['lfx'] = None\nfrom modulex_mem0.hosts.langflow import ActionComponent"
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "pip install 'modulex-mem0[langflow]'" in ended.stderr.splitlines()[-1]


def test_where_langflow_is_there_and_something_else_is_missing_the_reason_names_that(tmp_path: Path) -> None:
    (tmp_path / "lfx.py").write_text("import no_such_library\n")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom modulex_mem0.hosts.langflow import ActionComponent"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    # To install Langflow would not help.
    assert ended.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'no_such_library'"


_SCHEMAS = {action.name: action.output_schema for action in MANIFEST.actions}


def test_text_for_a_prompt_is_what_is_remembered() -> None:
    found = {"success": True, "error": None, "search_results": [{"id": "1", "memory": "I\ncook"}, {"id": "2"}]}
    assert as_text(found, _SCHEMAS["search_memories"]) == 'I cook\n{"id": "2"}'
    nothing: dict[str, Any] = {"success": True, "error": None, "memories": [], "ids": [], "count": 0, "next": None}
    assert as_text(nothing, _SCHEMAS["get_memories"]) == ""
    one = {"success": True, "error": None, "memory": {"id": "1", "memory": "I cook"}}
    assert as_text(one, _SCHEMAS["get_memory"]) == "I cook"
    pending = {"success": True, "error": None, "message": "Queued", "status": "PENDING", "event_id": "e"}
    assert as_text(pending, _SCHEMAS["add_memories"]) == "Queued"
    failed = {"success": False, "error": "not_found: no such memory", "memory": None}
    assert as_text(failed, _SCHEMAS["get_memory"]) == "not_found: no such memory"


def test_a_table_is_the_list_of_records() -> None:
    tables = {name: table_field(schema) for name, schema in _SCHEMAS.items()}
    assert tables["search_memories"] == "search_results"
    assert tables["get_memories"] == "memories"
    assert tables["get_memory_history"] == "history"
    assert tables["get_memory"] is None
    assert rows_of({"search_results": None}, "search_results") == []
    assert rows_of({}, None) == []


def test_a_list_whose_records_are_not_described_is_no_table() -> None:
    lost = {"things": {"type": "array", "items": {"$ref": "#/$defs/Nowhere"}}}
    assert table_field({"properties": lost}) is None
    described = {"found": {"type": "array", "items": {"$ref": "#/$defs/Thing"}}}
    things = {"Thing": {"type": "object", "properties": {"name": {"type": "string"}}}}
    assert table_field({"properties": lost | described, "$defs": things}) == "found"


def test_a_record_that_is_no_object_is_a_line_of_json() -> None:
    # Without a type, a schema that describes an object admits everything else too.
    schema = {"properties": {"things": {"type": "array", "items": {"properties": {"name": {"type": "string"}}}}}}
    output = {"success": True, "error": None, "things": [{"name": "Tea"}, ["Té", 2], 3]}
    assert as_text(output, schema) == 'Tea\n["Té", 2]\n3'


def test_the_example_of_every_action_is_text_and_a_table() -> None:
    for action in MANIFEST.actions:
        assert action.example is not None
        text = as_text(action.example.output, action.output_schema)
        assert "\n\n" not in text
        rows = rows_of(action.example.output, table_field(action.output_schema))
        assert all(isinstance(row, dict) for row in rows)
