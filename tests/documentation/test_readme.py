"""The README is true: its code runs, its figures are the recorded ones, and its lists are complete."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime, RuntimeSettings
from modulex_mem0.sandbox import running_sandbox

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

#: The rows of the table of speeds, and the contender that each one is in the recorded results.
CONTENDERS = {
    "the runtime": "runtime_pyreqwest",
    "pyreqwest, by hand": "bare_pyreqwest",
    "aiohttp, by hand": "bare_aiohttp",
    "an httpx client over aiohttp, by hand": "httpx_over_aiohttp",
    "an httpx client on its own transport, by hand": "bare_httpx",
    "Mem0's official async client": "official",
    "ModuleX's Mem0 tool": "modulex_tool",
}


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_library_example_runs_as_printed() -> None:
    with running_sandbox(delay=0.05) as sandbox:
        environment = os.environ | {"MEM0_API_KEY": sandbox.api_key, "MEM0_BASE_URL": sandbox.base_url}
        done = subprocess.run(
            [sys.executable, "-c", code_blocks("python")[0]],
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "'status': 'SUCCEEDED'" in done.stdout
    assert "vegetarian" in done.stdout.splitlines()[-1]


def test_the_demo_prints_what_is_shown_of_it() -> None:
    program = "import sys; from modulex_mem0.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "demo"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    shown = README.partition("`make demo` prints this (shortened):\n\n```\n")[2].partition("```")[0]
    assert "Discover what is installed" in shown
    # A column's width depends on rows that the excerpt may leave out.
    lines = [" ".join(line.split()) for line in shown.splitlines() if line.strip()]
    printed = " ".join(done.stdout.split())
    assert [line for line in lines if line not in printed] == []


async def test_the_plugin_example_is_a_whole_integration() -> None:
    source = next(block for block in code_blocks("python") if "hookimpl" in block)
    # `get_type_hints` looks the models up in the module, so the block has to be one.
    plugin = type(sys)("readme_plugin")
    sys.modules["readme_plugin"] = plugin
    try:
        exec(compile(source, "README.md", "exec"), plugin.__dict__)  # noqa: S102 - the README's own code
        async with Runtime(plugins=[plugin]) as runtime:
            result = await runtime.call("echo", "say", {"text": "hello"})
    finally:
        del sys.modules["readme_plugin"]
    assert result.output == {"success": True, "error": None, "said": "hello"}


def test_every_error_code_is_explained() -> None:
    assert [code for code in ErrorCode if f"| `{code}` | {code.advice} |" not in README] == []


def test_every_action_is_listed() -> None:
    actions = Runtime().integrations["mem0"].manifest.actions
    assert [action.name for action in actions if f"`{action.name}`" not in README] == []


def test_what_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_settings_shown_are_the_defaults() -> None:
    shown = next(block for block in code_blocks("python") if "RuntimeSettings(" in block)
    runtime = eval(shown, {"Runtime": Runtime, "RuntimeSettings": RuntimeSettings})  # noqa: S307 - the README's own code
    with runtime:
        assert runtime.settings == RuntimeSettings()


def test_the_figures_are_those_of_the_recorded_run() -> None:
    record = json.loads((ROOT / "docs" / "performance" / "results.json").read_text(encoding="utf-8"))
    rates = {
        entry["contender"]: [one["calls"] / one["seconds"] for one in entry["rounds"]]
        for entry in record["throughput"]
        if (entry["scheme"], entry["records"], entry["at_once"]) == ("http", 10, 32)
    }
    rows = re.findall(
        r"^\| (.+?) \| ([\d,.]+) \| (?:([\d.]+) \W)? ?\| (?:([\d.]+) to ([\d.]+))? ?\|$", README, re.MULTILINE
    )
    assert [name for name, *_ in rows] == list(CONTENDERS)
    for name, rate, *ratios in rows:
        measured = rates[CONTENDERS[name]]
        assert_rounds_to(rate, median(measured), name)
        compared = [ours / theirs for ours, theirs in zip(rates["runtime_pyreqwest"], measured, strict=True)]
        for shown, value in zip(ratios, (median(compared), min(compared), max(compared)), strict=True):
            assert shown or name == "the runtime"
            if shown:
                assert_rounds_to(shown, value, name)


def assert_rounds_to(shown: str, value: float, name: str) -> None:
    decimals = len(shown.partition(".")[2])
    assert f"{value:,.{decimals}f}" == shown, name
