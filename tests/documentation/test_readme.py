"""The README's code does what the README says."""

import os
import re
import subprocess
import sys
from pathlib import Path

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime, RuntimeSettings
from modulex_mem0.sandbox import running_sandbox

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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
    shown = README.partition("`make demo` prints this, shortened here:\n\n```\n")[2].partition("```")[0]
    assert "Discover what is installed" in shown
    # Columns are as wide as what else is in them.
    lines = [" ".join(line.split()) for line in shown.splitlines() if line.strip()]
    printed = " ".join(done.stdout.split())
    assert [line for line in lines if line not in printed] == []


async def test_the_plugin_example_is_a_whole_integration() -> None:
    source = next(block for block in code_blocks("python") if "hookimpl" in block)
    # `get_type_hints` looks the models up in the module, so the block is executed as one.
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
    missing = [code for code in ErrorCode if f"`{code}`" not in README]
    assert missing == []


def test_every_action_is_listed() -> None:
    actions = Runtime().integrations["mem0"].manifest.actions
    assert [action.name for action in actions if f"`{action.name}`" not in README] == []


def test_what_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", README)
    assert links
    assert [link for link in links if not (Path(__file__).parents[2] / link).exists()] == []


def test_the_settings_shown_are_the_defaults() -> None:
    shown = next(block for block in code_blocks("python") if "RuntimeSettings(" in block)
    runtime = eval(shown, {"Runtime": Runtime, "RuntimeSettings": RuntimeSettings})  # noqa: S307 - the README's own code
    with runtime:
        assert runtime.settings == RuntimeSettings()


def test_the_measured_numbers_are_those_of_the_recorded_run() -> None:
    rows = re.findall(r"^\| (.+?) \| ([\d,.]+) \| (?:([\d.]+) \W)? ?\|$", README, re.MULTILINE)
    assert len(rows) == 5
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    table = page.partition("### 10 records, 32 at once\n")[2].partition("\n#")[0]
    goals = [
        float(told)
        for told in re.findall(
            r"^\| calls per second, 32 at once.*?\| +\W [\d.]+ \W \| +([\d.]+) \W", page, re.MULTILINE
        )
    ]
    for name, rate, ratio in rows:
        assert f" {rate} |" in table, name
        assert not ratio or any(float(f"{told:.2g}") == float(f"{float(ratio):.2g}") for told in goals), name
