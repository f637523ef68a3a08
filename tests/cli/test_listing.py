"""`integrations`, `actions` and `auth`: what is installed, its actions, and how to authenticate."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError

import pytest

from modulex_mem0.cli.commands.actions import outputs
from modulex_mem0.cli.options import default_integration
from modulex_mem0.runtime import discover

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_integrations_lists_ours_and_someone_elses(run: Run, echo: dict[str, str]) -> None:
    ended = run("integrations", env=echo)
    assert ended.returncode == 0
    # Our own package comes first, so that nobody can take its names.
    header, ours, theirs = ended.stdout.splitlines()
    assert header.split() == ["NAME", "DISPLAY", "NAME", "VERSION", "DISTRIBUTION", "ACTIONS", "AUTHENTICATION"]
    assert theirs.split() == ["echo", "Echo", "2.0.1", "echo", "2", "none"]
    assert ours.startswith("mem0  Mem0")
    assert "modulex-mem0" in ours
    assert "API Key Authentication" in ours


def test_integrations_shows_what_failed_to_load_and_why(
    run_here: Run, install: Callable[[str, str], dict[str, str]]
) -> None:
    env = install("broken", "raise RuntimeError('no such luck')")
    text, data = run_here("integrations", env=env), run_here("integrations", "--json", env=env)
    assert (text.returncode, data.returncode) == (0, 0)
    assert "RuntimeError: no such luck" in text.stdout
    answer = json.loads(data.stdout)
    assert [entry["name"] for entry in answer["integrations"]] == ["mem0"]
    assert answer["failures"] == [
        {"name": "broken", "distribution": "broken", "reason": "RuntimeError: no such luck (in broken_plugin, line 1)"}
    ]


def test_one_that_failed_to_load_is_not_a_usage_error(
    run_here: Run, install: Callable[[str, str], dict[str, str]]
) -> None:
    ended = run_here("actions", "--integration", "broken", env=install("broken", "raise RuntimeError('no such luck')"))
    assert ended.returncode == 1
    assert "no such luck" in ended.stderr


def test_an_integration_whose_actions_cannot_be_loaded_is_listed_with_the_reason(
    run_here: Run, install: Callable[[str, str], dict[str, str]]
) -> None:
    source = """
from modulex_mem0.contract import Integration, Profile, hookimpl

@hookimpl
def modulex_integrations():
    profile = Profile(name="late", display_name="Late", description="Fails late.", version="1.0.0", author="Someone")
    return [Integration(profile, lambda: 1 / 0)]
"""
    env = install("late", source)
    listed = run_here("integrations", "--json", env=env)
    assert listed.returncode == 0
    assert "division by zero" in json.loads(listed.stdout)["failures"][0]["reason"]
    for arguments in (("actions",), ("call", "x"), ("manifest", "late")):
        option = () if "late" in arguments else ("--integration", "late")
        ended = run_here(*arguments, *option, env=env)
        assert ended.returncode == 1, arguments
        assert "division by zero" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_actions_lists_each_with_title_description_and_hints(run_here: Run) -> None:
    ended = run_here("actions")
    assert ended.returncode == 0
    assert "search_memories - Search memories (read-only, idempotent)\n    Search for memories in Mem0" in ended.stdout
    assert "add_memories - Add memories (changes data)" in ended.stdout


def test_actions_as_json(run_here: Run) -> None:
    answer = json.loads(run_here("actions", "--json").stdout)
    assert answer["integration"] == "mem0"
    by_name = {action["name"]: action for action in answer["actions"]}
    assert {"add_memories", "search_memories", "get_memories"} <= set(by_name)
    assert by_name["get_memories"]["title"] == "Get memories"
    assert by_name["get_memories"]["hints"] == {
        "read_only": True, "idempotent": True, "destructive": False, "cross_user": False,
    }  # fmt: skip


def test_one_action_with_its_parameters_and_output_schema(run: Run, echo: dict[str, str]) -> None:
    ended = run("actions", "echo", "--integration", "echo", env=echo)
    assert ended.returncode == 0
    for line in (
        "echo - Echo (read-only)",
        "  text: string, required",
        "      Any text.",
        "  count: integer, default 3",
        "  share: number, advanced",
        "  tags: array of strings",
        "  data: object or null",
        "  mode: fast or slow",
        "  untyped: any",
    ):
        assert f"{line}\n" in ended.stdout
    example = ended.stdout.partition("Example:\n  ")[2].partition("\n")[0]
    shell = run("call", *_words(example)[2:], env=echo)
    assert json.loads(shell.stdout)["received"]["text"] == "it's"
    rows = [line.split() for line in ended.stdout.partition("Output:\n")[2].splitlines()[1:4]]
    assert rows == [["success", "boolean", "-"], ["error", "string", "or", "null", "-"], ["received", "object", "-"]]


def test_the_fields_inside_an_output_are_rows_of_its_table(run_here: Run) -> None:
    shown = run_here("actions", "get_event").stdout.partition("Output:\n")[2]
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in shown.splitlines() if line}
    assert rows["status"] == "string or null PENDING, RUNNING, SUCCEEDED or FAILED."
    assert rows["event.results"].startswith("array of objects Memories that were added")
    assert rows["event.results[].memory"] == "string or null The memory's text."
    assert "{" not in shown


def test_the_schemas_of_an_action_are_one_json_object(run_here: Run) -> None:
    answer = json.loads(run_here("actions", "get_event", "--schema").stdout)
    manifest = {action.name: action for action in discover()["mem0"].manifest.actions}["get_event"]
    assert answer == {"input_schema": manifest.input_schema, "output_schema": manifest.output_schema}
    ended = run_here("actions", "--schema")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--schema needs the NAME of an action" in ended.stderr


def test_an_output_that_contains_itself_is_cut_off() -> None:
    tree = {"type": "object", "properties": {"value": {"type": "string"}, "next": {"$ref": "#/$defs/Tree"}}}
    listed = outputs({"properties": {"tree": {"$ref": "#/$defs/Tree"}}, "$defs": {"Tree": tree}})
    assert [field["name"] for field in listed] == [
        "tree", "tree.value", "tree.next", "tree.next.value", "tree.next.next", "tree.next.next.value",
        "tree.next.next.next",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "schema", [{}, {"properties": {"a": True}}, {"properties": {"a": {"$ref": "#/nowhere"}}}], ids=str
)
def test_an_output_schema_that_says_little_is_no_error(schema: dict[str, object]) -> None:
    assert [field["type"] for field in outputs(schema)] in ([], ["any"])


def _words(line: str) -> list[str]:
    return subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\n' {line}"], check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_one_action_as_json(run_here: Run, echo: dict[str, str]) -> None:
    answer = json.loads(run_here("actions", "echo", "--integration", "echo", "--json", env=echo).stdout)
    parameters = {parameter["name"]: parameter for parameter in answer["parameters"]}
    assert parameters["text"] == {
        "name": "text", "type": "string", "required": True, "advanced": False, "description": "Any text.",
    }  # fmt: skip
    assert parameters["count"]["default"] == 3
    assert parameters["share"]["advanced"] is True
    assert answer["output_schema"]["required"] == ["success"]
    assert answer["input_schema"]["required"] == ["text"]


@pytest.mark.parametrize("arguments", [("actions", "get_memoris"), ("call", "get_memoris")])
def test_an_unknown_action_suggests_the_nearest(run_here: Run, arguments: tuple[str, ...]) -> None:
    ended = run_here(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "did you mean 'get_memories'?" in " ".join(ended.stderr.split())


def test_an_integration_in_the_place_of_an_action_is_recognised(run_here: Run, echo: dict[str, str]) -> None:
    for command in ("actions", "call"):
        ended = run_here(command, "echo", env=echo)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "echo is an integration; name it with --integration echo" in " ".join(ended.stderr.split())


@pytest.mark.parametrize("command", ["auth", "test-credential"])
def test_a_name_is_taken_as_by_check(run_here: Run, echo: dict[str, str], command: str) -> None:
    ended = run_here(command, "mem")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Invalid value for NAME" in ended.stderr
    assert "did you mean 'mem0'?" in " ".join(ended.stderr.split())
    assert "echo" in (run_here(command, "echo", env=echo).stdout + run_here(command, "echo", env=echo).stderr).lower()
    both = run_here(command, "mem0", "--integration", "echo", env=echo)
    assert both.returncode == 2
    assert "give NAME or --integration, not both" in both.stderr


@pytest.mark.parametrize(
    "arguments", [("actions",), ("auth",), ("call", "x"), ("test-credential",)], ids=lambda words: words[0]
)
def test_an_unknown_integration_suggests_the_nearest(run_here: Run, arguments: tuple[str, ...]) -> None:
    ended = run_here(*arguments, "--integration", "mem")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "did you mean 'mem0'?" in " ".join(ended.stderr.split())


def test_auth_shows_steps_and_fields(run_here: Run) -> None:
    ended = run_here("auth")
    assert ended.returncode == 0
    assert ended.stdout.startswith("API Key Authentication (api_key)\n")
    assert "  1. Go to https://app.mem0.ai and sign up or log in\n" in ended.stdout
    assert "  4. Paste the API key below\n" in ended.stdout
    table = ended.stdout.partition("In a shell, with your own values:\n")[0]
    rows = {line.split()[0]: line.split()[1:5] for line in table.splitlines() if "MEM0_" in line}
    assert rows == {
        "api_key": ["yes", "yes", "-", "MEM0_API_KEY"],
        "base_url": ["no", "no", "https://…", "MEM0_BASE_URL"],
    }


@pytest.mark.parametrize("arguments", [("auth",), ("test-credential",), ("test-credential", "mem0")], ids=" ".join)
def test_the_line_to_copy_is_one_that_a_shell_takes_and_holds_no_key(run: Run, arguments: tuple[str, ...]) -> None:
    key = {} if arguments[0] == "test-credential" else {"MEM0_API_KEY": "m0-4f9d2c7b1a8e6035"}
    ended = run(*arguments, env=key)
    written = ended.stdout + ended.stderr
    assert "m0-4f9d" not in written
    (line,) = [line for line in written.splitlines() if line.strip().startswith("export MEM0_API_KEY=")]
    assert "# optional: export MEM0_BASE_URL=https://api.mem0.ai" in written
    shown = subprocess.run(["/bin/sh", "-c", f"{line}; env"], check=True, capture_output=True, text=True).stdout
    assert "\nMEM0_API_KEY=<Mem0 API Key>\n" in f"\n{shown}"


def test_auth_as_json(run_here: Run) -> None:
    answer = json.loads(run_here("auth", "--json").stdout)
    (scheme,) = answer["auth_schemes"]
    assert answer["integration"] == "mem0"
    assert len(scheme["setup_steps"]) == 4
    assert scheme["fields"][0]["sensitive"] is True


def test_auth_of_an_integration_that_needs_none(run_here: Run, echo: dict[str, str]) -> None:
    assert run_here("auth", "--integration", "echo", env=echo).stdout == "Echo needs no credential.\n"


def test_the_default_integration_is_the_one_that_comes_with_the_command() -> None:
    assert discover().distribution_of(default_integration()) == "modulex-mem0"


def test_another_installed_integration_does_not_change_the_default(run_here: Run, echo: dict[str, str]) -> None:
    assert json.loads(run_here("actions", "--json", env=echo).stdout)["integration"] == "mem0"


def test_if_the_default_fails_to_load_no_other_takes_its_place(
    environment: dict[str, str], echo: dict[str, str]
) -> None:
    program = (
        "import sys; sys.modules['modulex_mem0.mem0.plugin'] = None\n"
        "from modulex_mem0.cli import main; sys.exit(main())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "actions"],
        check=False,
        capture_output=True,
        text=True,
        env=environment | echo,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "integration 'mem0' failed to load" in ended.stderr


def test_without_our_distribution_the_integration_has_to_be_named(
    run_here: Run, echo: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("modulex_mem0.cli.options.distribution", missing)
    ended = run_here("actions", env=echo)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "give the name of an installed one" in ended.stderr
    assert run_here("actions", "echo", "--integration", "echo", env=echo).returncode == 0
