"""`manifest`: the integration as data, written or compared."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from modulex_mem0.cli.commands.manifest import manifest_files
from modulex_mem0.contract import IntegrationManifest
from modulex_mem0.runtime import discover

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The folder `manifests` as the command writes it."""
    folder = tmp_path / "manifests"
    folder.mkdir()
    for name, text in manifest_files(discover()["mem0"].describe()).items():
        (folder / name).write_bytes(text.encode())
    return folder


def test_the_written_manifest_equals_the_declared_one(run: Run, tmp_path: Path) -> None:
    ended = run("manifest")
    assert ended.returncode == 0
    assert ended.stdout == "manifests/mem0.json: written\nmanifests/manifest.schema.json: written\n"
    text = (tmp_path / "manifests" / "mem0.json").read_text(encoding="utf-8")
    assert IntegrationManifest.model_validate_json(text) == discover()["mem0"].describe()
    assert list(json.loads(text)) == list(IntegrationManifest.model_fields)
    assert text.startswith('{\n  "name": "mem0",\n  "display_name": "Mem0",\n')
    assert text.endswith("}\n")
    assert "\\u" not in text
    assert "—" in text


def test_the_schema_describes_the_manifest(run_here: Run, tmp_path: Path) -> None:
    run_here("manifest", "--directory", "deep/down")
    folder = tmp_path / "deep" / "down"
    schema = json.loads((folder / "manifest.schema.json").read_text(encoding="utf-8"))
    manifest = json.loads((folder / "mem0.json").read_text(encoding="utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(manifest)
    del manifest["actions"][0]["title"]
    assert not Draft202012Validator(schema).is_valid(manifest)


def test_check_accepts_current_files_and_writes_nothing(run_here: Run, written: Path) -> None:
    files = sorted(written.iterdir())
    before = [(file.stat().st_mtime_ns, file.read_bytes()) for file in files]
    ended = run_here("manifest", "--check")
    assert ended.returncode == 0
    assert ended.stdout == "manifests/mem0.json: current\nmanifests/manifest.schema.json: current\n"
    assert [(file.stat().st_mtime_ns, file.read_bytes()) for file in files] == before


def test_check_shows_what_drifted(run: Run, written: Path) -> None:
    file = written / "mem0.json"
    stale = file.read_text(encoding="utf-8").replace('"title": "Add memories"', '"title": "Old title"')
    file.write_text(stale, encoding="utf-8")
    ended = run("manifest", "--check")
    assert ended.returncode == 1
    assert '-      "title": "Old title"' in ended.stdout
    assert '+      "title": "Add memories"' in ended.stdout
    assert "modulex-mem0 manifest" in ended.stderr
    assert file.read_text(encoding="utf-8") == stale


def test_a_long_diff_is_cut(run_here: Run, written: Path) -> None:
    (written / "mem0.json").write_text("{}\n")
    ended = run_here("manifest", "--check")
    assert ended.returncode == 1
    assert len(ended.stdout.splitlines()) < 50
    assert "more lines" in ended.stdout


@pytest.mark.parametrize("change", ["missing", "line endings"])
def test_check_finds_what_a_diff_does_not_show(run_here: Run, written: Path, change: str) -> None:
    file = written / "mem0.json"
    if change == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    ended = run_here("manifest", "--check")
    assert ended.returncode == 1
    assert {"missing": "does not exist", "line endings": "line endings"}[change] in ended.stdout


def test_another_integration(run_here: Run, echo: dict[str, str], tmp_path: Path) -> None:
    assert run_here("manifest", "echo", env=echo).returncode == 0
    assert json.loads((tmp_path / "manifests" / "echo.json").read_text())["display_name"] == "Echo"


def test_an_invalid_schema_is_not_written(
    run_here: Run, install: Callable[[str, str], dict[str, str]], tmp_path: Path
) -> None:
    source = """
from modulex_mem0.contract import Action, Integration, Profile, hookimpl

async def nothing(context, input):
    return {"success": True}

@hookimpl
def modulex_integrations():
    profile = Profile(name="odd", display_name="Odd", description="Odd.", version="1.0.0", author="Someone")
    wrong = {"type": "object", "properties": {"a": {"type": "strnig"}}}
    return [Integration(profile, [
        Action(name="odd", title="Odd", description="Odd.", input=wrong, output={"type": "object"}, handler=nothing)
    ])]
"""
    ended = run_here("manifest", "odd", env=install("odd", source))
    assert ended.returncode == 1
    assert "odd.input_schema" in ended.stderr
    assert "strnig" in ended.stderr
    assert not (tmp_path / "manifests").exists()


def test_an_unknown_integration_is_a_usage_error(run_here: Run) -> None:
    ended = run_here("manifest", "mem")
    assert ended.returncode == 2
    assert "did you mean 'mem0'?" in " ".join(ended.stderr.split())


def test_a_folder_that_cannot_be_written_is_reported_in_a_line(run_here: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    ended = run_here("manifest", "--directory", "taken/below")
    assert ended.returncode == 1
    assert "cannot write taken" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_command_that_updates_the_files_is_complete(run_here: Run) -> None:
    ended = run_here("manifest", "--check", "--directory", "my manifests")
    assert (ended.returncode, ended.stderr.strip().splitlines()[-1]) == (
        1,
        "Update them with: modulex-mem0 manifest --directory 'my manifests'",
    )
