"""`modulex-mem0 check`: findings with place, reason and fix, the quality scale, and exit codes."""

import json
import re
from pathlib import Path

import pytest

from modulex_mem0.conformance import write_integration
from modulex_mem0.contract import IntegrationManifest
from modulex_mem0.runtime import discover
from tests.conformance.helpers.command_line import Ended, modulex
from tests.helpers.installed import install

POOR = """
from modulex_mem0.contract import ActionInput, ActionOutput, Context, Integration, Profile, action, hookimpl

class In(ActionInput):
    limit: int = 10

class Out(ActionOutput):
    pass

@action(title="Say")
async def say(context: Context, input: In) -> Out:
    '''Say what was said.'''
    return Out(success=True)

@hookimpl
def modulex_integrations():
    profile = Profile(
        name="poor", display_name="Poor", description="Repeats what was said.", version="1.0.0", author="x"
    )
    return [Integration(profile, [say])]
"""


@pytest.fixture(scope="module")
def ours() -> Ended:
    return modulex("check")


def test_mem0_is_at_the_top(ours: Ended) -> None:
    assert ours.returncode == 0, ours.stdout
    assert ours.stdout.splitlines()[-2:] == ["  0 errors, 0 pieces of advice, 0 exempt", "  quality: platinum"]


def test_findings_are_printed_with_place_reason_and_fix(tmp_path: Path) -> None:
    install(tmp_path, "modulex-poor", POOR)
    ended = modulex("check", "poor", site=tmp_path)
    assert ended.returncode == 1
    assert "error: actions.say.input.limit: The description is missing. [described]" in ended.stdout
    assert "    Say in a sentence what it is for, for people." in ended.stdout
    assert "quality: none; bronze needs described (todo)" in ended.stdout


def test_the_same_is_printed_as_json(tmp_path: Path) -> None:
    install(tmp_path, "modulex-poor", POOR)
    ended = modulex("check", "poor", "--static", "--json", site=tmp_path)
    (one,) = json.loads(ended.stdout)["integrations"]
    assert ended.returncode == 1
    assert (one["integration"], one["distribution"], one["quality"]) == ("poor", "modulex-poor", "none")
    assert {"level", "place", "reason", "fix", "rule"} == set(one["findings"][0])
    assert (one["rules"]["described"], one["rules"]["hostile_replies"]) == ("todo", "not measured")


def test_a_release_that_breaks_the_last_one_is_an_error(tmp_path: Path) -> None:
    released = discover()["mem0"].describe().model_dump(mode="json")
    extra = json.loads(json.dumps(released["actions"][0])) | {"name": "recall", "title": "Recall"}
    released["actions"].append(extra)
    file = tmp_path / "mem0.json"
    file.write_text(IntegrationManifest.model_validate(released).model_dump_json())
    ended = modulex("check", "mem0", "--static", "--against", str(file))
    assert ended.returncode == 1
    assert "error: actions.recall: The action is gone, which breaks flows" in ended.stdout


def test_the_documented_actions_are_stable() -> None:
    # As on the connector's page, but for the bounds of limits and pages. It names none; Mem0 refuses what is beyond.
    file = Path(__file__).parent / "data" / "mem0_documented.json"
    ended = modulex("check", "mem0", "--static", "--against", str(file))
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["memo"], "did you mean 'mem0'?\n"),
        (["my_crm"], "a project is found once it is installed: pip install -e .\n"),
        (["mem0", "--all"], "not both"),
        (["--all", "--against", "x.json"], "for one integration"),
        (["mem0", "--against", "no-such-file.json"], "cannot read"),
    ],
)
def test_a_wrong_command_line_is_explained(arguments: list[str], message: str) -> None:
    ended = modulex("check", *arguments)
    assert ended.returncode == 2
    assert message in ended.stderr


ONE = "Integration(PROFILE, _load_actions)"
PLUGIN, PROFILE, ACTIONS, FIND = "plugin.py", "profile.py", "actions/__init__.py", "actions/find_items.py"
#: A file of a new integration, what stands in it, what an author writes instead, and what is said of it.
MISTAKES = {
    "unmarked": (PLUGIN, "@hookimpl", "", "mark its function modulex_integrations with @hookimpl"),
    "one": (PLUGIN, f"[{ONE}]", ONE, "TypeError: the hook must return a list of integrations, not Integration"),
    "typo": (
        PROFILE, "version=", "versoin=",
        "Profile: version: Field required; versoin: Extra inputs are not permitted (in modulex_typo.profile, line 36)",
    ),
    "template": (
        PROFILE, "{api_key}", "{key}",
        "AuthScheme: the template 'Bearer {key}' names 'key', which is not a credential field",
    ),
    "unimported": (FIND, "Example, action", "Exmpl, action", " (in modulex_unimported.actions.find_items, line 3)"),
    "unannotated": (FIND, "input: FindItemsInput)", "input)", " (in modulex_unannotated.actions.find_items, line "),
    "bare": (FIND, "FindItemsInput(ActionInput)", "FindItemsInput(BaseModel)", "Derive the model from ActionInput"),
    "example": (FIND, '"limit": 5', '"limt": 5', "The action itself refuses it: limt: Extra inputs"),
    "comma": (ACTIONS, "(find_items,)", "(find_items)", "the actions of comma must be a list of actions, not Action"),
    "undeclared": (
        ACTIONS, "(find_items,)", "(print,)",
        "the actions of undeclared include print, which is not declared with @action",
    ),
}  # fmt: skip


def _write_with_a_mistake(site: Path, name: str, file: str, old: str, new: str) -> None:
    package = f"modulex_{name}"
    write_integration(name, site / f"project-{name}")
    (site / f"project-{name}" / package).rename(site / package)
    changed = site / package / file
    code = changed.read_text()
    assert old in code
    changed.write_text(code.replace(old, new))
    install(site, package, "", point=name)
    (site / f"{package}-1.0.dist-info" / "entry_points.txt").write_text(f"[modulex]\n{name} = {package}.plugin\n")


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    site = tmp_path_factory.mktemp("mistakes")
    for name, (file, old, new, _) in MISTAKES.items():
        _write_with_a_mistake(site, name, file, old, new)
    return modulex("check", "--all", "--static", site=site)


@pytest.mark.parametrize("name", MISTAKES)
def test_an_authors_mistake_is_named_with_its_place_and_the_fix(mistaken: Ended, name: str) -> None:
    assert mistaken.returncode == 1
    # What failed to load is one line; the others have a part each.
    (part,) = [part for part in re.split(r"\n(?=\w)", mistaken.stdout) if part.startswith(f"{name} ")]
    assert MISTAKES[name][3] in part


def test_a_file_that_is_no_manifest_is_named_with_the_field(tmp_path: Path) -> None:
    file = tmp_path / "mem0.json"
    file.write_text("{}")
    ended = modulex("check", "mem0", "--static", "--against", str(file))
    assert ended.returncode == 2
    assert "mem0.json is not a manifest: name: Field required" in ended.stderr


@pytest.mark.parametrize(
    ("old", "new", "message", "fix"),
    [
        (
            '_text(item.get("id"))', 'item["id"]',
            "['items'][0]['id'] = removed\" the action's own code breaks: KeyError: 'id' (find_items.py, line 48).",
            "Check what the service sent before using it",
        ),
        (
            '"/v1/items"', 'f"/v1/items/{input.query}"',
            "= '../../admin' the action's own code breaks: the integration asked for a path that is not safe.",
            "Ask for a path of the service, such as /v1/items, and percent-encode what becomes a part of it.",
        ),
    ],
    ids=["reply", "path"],
)  # fmt: skip
def test_a_handlers_mistake_is_named_with_its_line_and_the_fix(
    tmp_path: Path, old: str, new: str, message: str, fix: str
) -> None:
    _write_with_a_mistake(tmp_path, "my_crm", FIND, old, new)
    ended = modulex("check", "my_crm", site=tmp_path)
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    (found,) = [number for number, line in enumerate(lines) if message in line]
    assert lines[found + 1].strip().startswith(fix)
