"""The command as a whole: help, version, start-up, unknown commands, missing packages, locales."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from modulex_mem0 import __version__
from modulex_mem0.cli.app import root

Run = Callable[..., subprocess.CompletedProcess[str]]
HEAVY = {"anyio", "httpcore", "httpx", "jsonschema", "numpy", "pyreqwest", "starlette", "tenacity", "uvicorn"}
COMMANDS = ["demo", "integrations", "auth", "test-credential", "actions", "call", "sandbox", "manifest"]


def test_version(run: Run) -> None:
    ended = run("--version")
    assert (ended.returncode, ended.stdout) == (0, f"modulex-mem0 {__version__}\n")


def test_help_names_every_command_the_exit_codes_and_examples(run: Run) -> None:
    ended = run("--help")
    assert ended.returncode == 0
    for command in COMMANDS:
        assert f"\n  {command} " in ended.stdout
    for text in (
        "  Exit codes:\n",
        "\n    2    ",
        "\n    130  ",
        "  Examples:\n    modulex-mem0 demo\n",
        "standard error",
    ):
        assert text in ended.stdout


def test_the_installed_script_is_the_same_command() -> None:
    script = shutil.which("modulex-mem0", path=str(Path(sys.executable).parent))
    assert script is not None
    ended = subprocess.run([script, "--version"], check=True, capture_output=True, text=True)
    assert ended.stdout == f"modulex-mem0 {__version__}\n"


@pytest.mark.parametrize("name", root.list_commands(click.Context(root)))
def test_the_list_of_commands_says_what_each_commands_own_help_says(name: str) -> None:
    context = click.Context(root)
    command = root.get_command(context, name)
    assert command is not None
    listed = dict(line.strip().split("  ", 1) for line in _listing(context))[name].strip()
    assert (command.help or "").splitlines()[0] == listed
    help_text = command.get_help(click.Context(command, info_name=name))
    assert "\\" not in help_text
    assert "Examples:" not in help_text or "Examples:\n" in help_text
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, f"{name} {parameter.name} has no help"


def _listing(context: click.Context) -> list[str]:
    formatter = click.HelpFormatter(width=200)
    assert isinstance(root, click.Group)
    root.format_commands(context, formatter)
    return [line for line in formatter.getvalue().splitlines()[1:] if line]


def test_an_unknown_command_is_a_usage_error_with_the_nearest_name(run: Run) -> None:
    ended = run("actoins")
    assert ended.returncode == 2
    assert "did you mean 'actions'?" in ended.stderr
    assert ended.stdout == ""


def test_an_action_in_the_place_of_a_command_is_recognised(run: Run) -> None:
    ended = run("search_memories", "-p", "user_id=alice")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "there is no command 'search_memories'; did you mean 'call search_memories'?" in " ".join(
        ended.stderr.split()
    )


@pytest.mark.parametrize(
    ("command", "wrong", "right"), [("call", "--inptu", "--input"), ("actions", "--scheme", "--schema")]
)
def test_a_misspelt_option_suggests_the_nearest(run: Run, command: str, wrong: str, right: str) -> None:
    ended = run(command, wrong)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"Did you mean '{right}'?" in ended.stderr


def test_an_unknown_option_is_a_usage_error(run: Run) -> None:
    ended = run("--verbose")
    assert ended.returncode == 2
    assert "--verbose" in ended.stderr


@pytest.mark.parametrize(("package", "command"), [("click", "--help"), ("rich", "integrations")])
def test_without_a_package_of_the_extra_one_line_says_what_to_install(
    environment: dict[str, str], package: str, command: str
) -> None:
    program = f"import sys; sys.modules['{package}'] = None; from modulex_mem0.cli import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", program, command], check=False, capture_output=True, text=True, env=environment
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"needs {package}; " in ended.stderr
    assert "pip install 'modulex-mem0[cli]'" in ended.stderr


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "latin-1"}]
)
def test_output_is_utf8_whatever_the_locale(run: Run, echo: dict[str, str], locale: dict[str, str]) -> None:
    values = json.dumps({"text": "Grüße, 世界 🙂"})
    ended = run("call", "echo", "--integration", "echo", "--input", values, env=echo | locale)
    assert json.loads(ended.stdout)["received"]["text"] == "Grüße, 世界 🙂"
    assert "Grüße, 世界 🙂" in ended.stdout


def test_control_characters_are_printed_as_escapes(run: Run, echo: dict[str, str]) -> None:
    text = "\x1b[31m \x9b31m \x07 \u2028 \u202e"
    ended = run("call", "echo", "--integration", "echo", "--input", json.dumps({"text": text}), env=echo)
    assert json.loads(ended.stdout)["received"]["text"] == text
    assert all(character.isprintable() or character == "\n" for character in ended.stdout)


def imported(environment: dict[str, str], *arguments: str) -> set[str]:
    """The names of all modules that the command has imported when it ends."""
    program = (
        "import sys\n"
        "from modulex_mem0.cli import main\n"
        "code = main()\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
        "sys.exit(code)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True, env=environment
    )
    return set(ended.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("actions",), ("actions", "get_memories"), ("integrations",), ("auth",), ("call", "--help")],
    ids=" ".join,
)
def test_listing_imports_no_http_no_schemas_and_no_servers(
    environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    modules = imported(environment, *arguments)
    assert "click" in modules
    assert not HEAVY & modules
    assert not any(name.startswith("modulex_mem0.sandbox") for name in modules)


def test_the_help_imports_no_integration_and_no_model(environment: dict[str, str]) -> None:
    modules = imported(environment, "--help")
    assert not {"pydantic", "pluggy", "asyncio", "rich", "modulex_mem0.mem0", "modulex_mem0.runtime"} & modules


@pytest.mark.parametrize("arguments", [("actions",), ("auth", "--json"), ("call", "--help")], ids=" ".join)
def test_a_command_without_a_table_does_not_import_rich(
    environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    assert "rich" not in imported(environment, *arguments)


def test_importing_the_package_does_not_import_click(environment: dict[str, str]) -> None:
    program = "import sys, modulex_mem0.cli; sys.exit('click' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
