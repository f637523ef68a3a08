"""Every code block of every page is tried: as data, as a program, or as commands.

Some pages have a file of tests of their own, which is named here; the rest is run below.
"""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest

from modulex_mem0.cli.app import root
from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime
from modulex_mem0.sandbox import sandbox_process
from tests.conformance.helpers.command_line import install_from
from tests.documentation.pages import PAGES, ROOT, Block, blocks

#: The pages whose Python runs in a file of its own.
PROGRAMS_RUN_IN = {
    "README.md": "test_readme.py",
    "docs/embed.md": "test_embed.py",
    "docs/hosts/langchain.md": "test_langchain.py",
    "docs/hosts/temporal.md": "../hosts/temporal/test_page.py",
    "docs/sandbox.md": "test_sandbox.py",
    "docs/write-an-integration.md": "test_tutorial.py",
}
#: The pages whose Python runs here.
PROGRAMS_RUN_HERE = {"docs/conformance.md", "docs/getting-started.md", "docs/hosts/modulex.md"}
#: What a block without a language shows: what something prints, or a tree of folders, with the test that compares it.
SHOWN = {
    "README.md:4": "test_readme.py",
    "docs/architecture.md:1": "test_architecture.py",
    "docs/command-line.md:3": "test_command_line.py",
    "docs/sandbox.md:2": "test_sandbox.py",
}
BIN = Path(sys.executable).parent


def identity(block: Block) -> str:
    return str(block)


def of(*languages: str) -> pytest.MarkDecorator:
    found = [block for language in languages for block in blocks(None, language) if str(block) not in SHOWN]
    assert found
    return pytest.mark.parametrize("block", found, ids=identity)


def test_every_block_is_tried() -> None:
    for page in PAGES:
        for block in blocks(page):
            assert block.language in {"json", "toml", "python", "sh", "bash", "text", ""}, block
            if block.language == "python":
                assert page in PROGRAMS_RUN_IN or page in PROGRAMS_RUN_HERE, block
            if str(block) in SHOWN:
                assert block.language == "", block
            if block.language == "text":
                assert page == "docs/getting-started.md", block
    for name in {*PROGRAMS_RUN_IN.values(), *SHOWN.values()}:
        assert (Path(__file__).parent / name).is_file(), name


# Data


@of("json")
def test_json_is_json(block: Block) -> None:
    json.loads(block.code)


@of("toml")
def test_toml_is_toml(block: Block) -> None:
    assert tomllib.loads(block.code)


# Commands: each line names a command, options, extras and targets that exist


def commands(block: Block) -> Iterator[list[str]]:
    """The simple commands of a block, as words; the parts of a pipe and of `$(…)` are commands, too."""
    for line in block.code.replace("\\\n", " ").splitlines():
        for part in re.split(r" \| |\$\(|\)\"", line):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:
                # One half of a quoted substitution.
                words = shlex.split(part.replace('"', ""), comments=True)
            while words and re.fullmatch(r"\w+=\S*", words[0]):
                words = words[1:]
            yield from [words] if words else []


def check_modulex_mem0(words: list[str]) -> None:
    """Follow the words to the command that they name, and look its options up. Nothing is run."""
    command: click.Command = root
    rest = [word for word in words if not word.startswith("-")]
    while isinstance(command, click.Group) and rest:
        word = rest.pop(0)
        # `import FILE` is short for its command `run`.
        found = command.get_command(click.Context(command), word) or command.commands.get("run")
        assert found is not None, words
        command = found
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert used <= known | {"--help", "-h", "--version"}, used - known


def check_pip(words: list[str]) -> None:
    assert words[:1] == ["install"], words
    extras = set(metadata("modulex-mem0").get_all("Provides-Extra") or ())
    for word in words[1:]:
        assert not word.startswith("--"), "no option that an old pip may lack"
        found = re.fullmatch(r"(?:modulex-mem0|\.)(?:\[([\w,-]+)\])?", word)
        assert found or word in {"-e", "langchain"}, word
        if found and found[1]:
            assert set(found[1].split(",")) <= extras, word


def check_make(words: list[str]) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {word for word in words if "=" not in word} <= set(targets)


CHECKED: dict[str, Callable[[list[str]], None]] = {
    "modulex-mem0": check_modulex_mem0,
    "pip": check_pip,
    "make": check_make,
}
#: Commands of others. Where what they do depends on this package, the block is run below or in its page's tests.
OTHERS = {"cd", "curl", "echo", "eval", "export", "gunicorn", "langflow", "openssl", "python", "source", "unset", "."}


@of("sh", "bash", "")
def test_commands_exist(block: Block) -> None:
    found = list(commands(block))
    assert found
    for name, *words in found:
        if name in CHECKED:
            CHECKED[name](words)
        else:
            assert name in OTHERS, name


def test_the_check_of_commands_fails_where_it_should() -> None:
    for wrong in ("sandbox --prot 1", "call search_memories --inptu {}", "credentials lost work"):
        with pytest.raises((AssertionError, click.ClickException)):
            check_modulex_mem0(wrong.split())
    for wrong in ("install modulex-mem0[clli]", "install . --group test", "uninstall modulex-mem0"):
        with pytest.raises(AssertionError):
            check_pip(wrong.split())
    with pytest.raises(AssertionError):
        check_make(["tset"])


# Commands that are run


def run_lines(code: str, folder: Path, variables: Mapping[str, str] | None = None, *, site: Path | None = None) -> str:
    """Run commands in a shell that stops at the first failure."""
    given = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)} | dict(variables or {})
    if site is not None:
        given["PYTHONPATH"] = os.pathsep.join((str(site), str(ROOT)))
    done = subprocess.run(
        ["/bin/sh", "-ec", code], cwd=folder, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def only(page: str, language: str, containing: str) -> str:
    (block,) = [block for block in blocks(page, language) if containing in block.code]
    return block.code


def without(code: str, *starts: str) -> str:
    return "".join(line for line in code.splitlines(keepends=True) if not line.startswith(starts))


def test_the_readmes_commands(tmp_path: Path) -> None:
    code = without(only("README.md", "sh", "test-credential"), "pip ", "modulex-mem0 sandbox")
    with sandbox_process(delay=0) as box:
        printed = run_lines(code.replace("http://127.0.0.1:8900", box.base_url), tmp_path)
    assert printed.count('"success": true') == 2
    assert "I am a vegetarian" in printed


def test_the_sandboxs_control_route(tmp_path: Path) -> None:
    code = only("docs/sandbox.md", "sh", "-X PUT")
    with sandbox_process(delay=0, allow_fault_control=True) as box:
        printed = run_lines(code.replace("http://127.0.0.1:8900", box.base_url), tmp_path)
    assert '"/v1/ping/"' in printed


def test_getting_started(tmp_path: Path) -> None:
    page = "docs/getting-started.md"
    for block in blocks(page, "python"):
        (tmp_path / block.title).write_text(block.code, "utf-8")
    shown = {block.title: block.code for block in blocks(page, "text")}
    with sandbox_process(delay=0.1) as box:
        code = only(page, "sh", "m0-sandbox-key").replace("http://127.0.0.1:8900", box.base_url)
        assert "ok: Mem0 accepts the credential" in run_lines(code, tmp_path)
        account = {"MEM0_API_KEY": box.api_key, "MEM0_BASE_URL": box.base_url}
        assert run_lines("python remember.py", tmp_path, account) == shown["output"]
        assert run_lines("python refused.py", tmp_path, account) == shown["refusal"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tutorial's integration installed in it."""
    site = tmp_path_factory.mktemp("shelf")
    install_from(ROOT / "examples" / "shelf", site)
    return site


def test_the_conformance_pages_commands(shelf: Path, tmp_path: Path) -> None:
    code = only("docs/conformance.md", "sh", "check shelf")
    # Checking all that is installed takes a minute; that the command exists is checked above.
    printed = run_lines(without(code, "modulex-mem0 check --all"), tmp_path, site=shelf)
    assert "quality: platinum" in printed


def test_the_conformance_pages_suite(shelf: Path, tmp_path: Path) -> None:
    code = only("docs/conformance.md", "python", "ConformanceSuite")
    (tmp_path / "test_page.py").write_text(code, "utf-8")
    # The tutorial's suite, for both of its actions, is run whole in test_tutorial.py.
    command = "python -m pytest -q -p no:cacheprovider -p no:asyncio -k keeps_the_rule test_page.py"
    assert " passed" in run_lines(command, tmp_path, site=shelf)


def test_the_versioning_pages_commands(shelf: Path, tmp_path: Path) -> None:
    code = only("docs/versioning.md", "sh", "--against")
    kept = "mkdir manifests-of-1.0.0 && cp manifests/shelf.json manifests-of-1.0.0/"
    printed = run_lines(code.replace("\n", f"\n{kept}\n", 1), tmp_path, site=shelf)
    assert "0 errors" in printed


def test_the_consoles_stored_credentials(tmp_path: Path) -> None:
    code = only("docs/console.md", "sh", "credentials set work")
    with sandbox_process(delay=0) as box:
        fields = {"api_key": box.api_key, "base_url": box.base_url}
        (tmp_path / "key.txt").write_text(json.dumps(fields))
        # The first line asks a person, who is not here.
        asking, given = "credentials set work --default", "credentials set work --default <key.txt"
        variables = {"MODULEX_HOME": str(tmp_path / "home"), "MODULEX_KEYRING": "off"}
        assert asking in code
        printed = run_lines(code.replace(asking, given), tmp_path, variables)
    assert box.api_key not in printed
    assert "work" in printed


async def test_the_page_about_modulex() -> None:
    if find_spec("modulex_integrations") is None:
        pytest.skip("the extra modulex is not installed (Python 3.12 and later)")
    (block,) = blocks("docs/hosts/modulex.md", "python")
    body = "".join(f"    {line}\n" for line in block.code.splitlines())
    # A proxy that nobody runs: what the page calls is not asked.
    names: dict[str, Any] = {"Runtime": Runtime}
    exec(f"async def page():\n{body}    return runtime, manifest, result\n", names)  # noqa: S102 - the page's own code
    os.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"
    try:
        runtime, manifest, result = await asyncio.wait_for(names["page"](), 120)
    finally:
        del os.environ["HTTPS_PROXY"]
    assert manifest.name == "modulex_tools_airweave"
    assert result.error is not None
    assert result.error.code in set(ErrorCode)
    assert len(runtime.integrations) > 100


async def test_the_readmes_look_at_what_is_installed(credential: dict[str, str]) -> None:
    code = only("README.md", "python", "runtime.integrations.failures")
    body = "".join(f"    {line}\n" for line in code.splitlines()).replace('{"api_key": "m0-…"}', "credential")
    names: dict[str, Any] = {"Runtime": Runtime, "credential": credential}
    exec(f"async def page():\n{body}    return runtime\n", names)  # noqa: S102 - the page's own code
    async with await names["page"]() as runtime:
        assert "mem0" in runtime.integrations
