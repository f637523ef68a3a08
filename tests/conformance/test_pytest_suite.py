"""The suite fails when it should: for an integration that is not installed, and for a known fault that was fixed."""

from pathlib import Path

from tests.conformance.helpers.command_line import python
from tests.helpers.installed import install

GOOD = """
from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, Integration, Profile, action, hookimpl

class In(ActionInput):
    '''Nothing.'''

class Out(ActionOutput):
    '''Nothing.'''

@action(title="Say", example=Example(input={}, output={"success": True, "error": None}))
async def say(context: Context, input: In) -> Out:
    '''Say what was said.'''
    return Out(success=True)

@hookimpl
def modulex_integrations():
    profile = Profile(name="good", display_name="Good", description="Says it well.", version="1.0.0", author="x")
    return [Integration(profile, [say])]
"""
TESTS = """
from modulex_mem0.conformance import ConformanceSuite

class TestGood(ConformanceSuite):
    integration = "good"

class TestFixed(ConformanceSuite):
    integration = "good"
    known_faults = {"cancellation-say": "it was so once"}
"""
MISSING = """
from modulex_mem0.conformance import ConformanceSuite

class TestMissing(ConformanceSuite):
    integration = "goood"
"""


def test_a_known_fault_that_was_fixed_is_the_only_failure(tmp_path: Path) -> None:
    site, project = tmp_path / "site", tmp_path / "project"
    site.mkdir()
    project.mkdir()
    install(site, "modulex-good", GOOD)
    (project / "test_good.py").write_text(TESTS)
    ended = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", site=site, folder=project)
    assert ended.returncode == 1
    failed = [line for line in ended.stdout.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1, ended.stdout
    assert "TestFixed::test_withstands[cancellation-say]" in failed[0]


def test_an_integration_that_is_not_installed_is_reported(tmp_path: Path) -> None:
    (tmp_path / "test_missing.py").write_text(MISSING)
    ended = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", folder=tmp_path)
    assert ended.returncode == 2
    assert "no integration 'goood' is installed" in ended.stdout


UNKNOWN = {
    "pass": "TestGood needs the name of an installed integration: integration = ",
    'service = ServiceFixture(replies={"sya": {}})': "TestGood.service.replies: there is no 'sya'; did you mean 'say'?",
    'service = ServiceFixture(inputs={"sya": {}})': "TestGood.service.inputs: there is no 'sya'; did you mean 'say'?",
    'service = ServiceFixture(owner="user_id")': "TestGood.service.owner: there is no 'user_id'",
    'known_faults = {"cancelation-say": "why"}': "did you mean 'cancellation-say'?",
}


def test_what_a_suite_names_has_to_exist(tmp_path: Path) -> None:
    install(tmp_path, "modulex-good", GOOD)
    for number, declared in enumerate(UNKNOWN):
        named = "" if declared == "pass" else '    integration = "good"\n'
        (tmp_path / f"test_good_{number}.py").write_text(
            "from modulex_mem0.conformance import ConformanceSuite, ServiceFixture\n\n"
            f"class TestGood(ConformanceSuite):\n{named}    {declared}\n"
        )
    arguments = (
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
        *sorted(tmp_path.glob("test_*.py")),
    )
    ended = python(*map(str, arguments), site=tmp_path, folder=tmp_path)
    assert ended.returncode == 2
    for message in UNKNOWN.values():
        assert message in ended.stdout


def test_the_rest_of_the_kit_needs_neither_pytest_nor_hypothesis() -> None:
    program = """
import sys
from modulex_mem0 import conformance
parts = [getattr(conformance, name) for name in conformance.__all__ if name != "ConformanceSuite"]
print(sorted({"hypothesis", "pytest"} & set(sys.modules)))
"""
    assert python("-c", program).stdout == "[]\n"
