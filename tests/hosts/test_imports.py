"""No host's library is imported unless its adapter is. Each test runs a fresh interpreter."""

import importlib
import subprocess
import sys

import pytest

from modulex_mem0.hosts.extras import imports_extra

HOSTS = {"langchain", "langchain_core", "langgraph", "lfx", "mcp", "mcp_types", "modulex_integrations", "temporalio"}

LISTING = """
import io
from modulex_mem0.cli import main
sys.argv[1:] = ["actions"]
sys.stdout = io.StringIO()
assert main() == 0
assert "add_memories" in sys.stdout.getvalue()
"""


def imported_by(program: str) -> set[str]:
    """The top-level names of all modules that a program imports."""
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nsys.stderr.write(' '.join(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {name.partition(".")[0] for name in ended.stderr.split()}


@pytest.mark.parametrize(
    "program",
    [
        "import modulex_mem0.hosts",
        "from modulex_mem0.hosts import ToolSet; from modulex_mem0.runtime import Runtime; ToolSet(Runtime(), 'mem0')",
        "from modulex_mem0.runtime import Runtime; Runtime().integrations['mem0'].actions",
        "import modulex_mem0.cli.commands.mcp",
        "import modulex_mem0.cli.commands.temporal",
        "import modulex_mem0.cli.commands.langflow",
        "from modulex_mem0.hosts.langflow import bundle_files",
        LISTING,
    ],
)
def test_without_an_adapter_no_host_is_imported(program: str) -> None:
    assert not HOSTS & imported_by(program)


def test_the_mcp_adapter_imports_its_own_library_alone() -> None:
    pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")
    assert HOSTS & imported_by("import modulex_mem0.hosts.mcp") == {"mcp", "mcp_types"}


def test_the_langchain_adapter_imports_its_own_library_alone() -> None:
    pytest.importorskip("langchain_core", reason="langchain-core is not installed (extra langchain)")
    assert HOSTS & imported_by("import modulex_mem0.hosts.langchain") == {"langchain_core"}


def test_the_temporal_adapter_imports_its_own_library_alone() -> None:
    pytest.importorskip("temporalio", reason="temporalio is not installed (extra temporal)")
    assert HOSTS & imported_by("import modulex_mem0.hosts.temporal") == {"temporalio"}


@pytest.mark.parametrize(
    ("host", "package"), [("langchain", "langchain_core"), ("mcp", "mcp"), ("temporal", "temporalio")]
)
def test_a_missing_library_is_reported_with_the_extra_that_has_it(host: str, package: str) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; import modulex_mem0.hosts.{host}"
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    advice = f"needs {package}; install it with: pip install 'modulex-mem0[{host}]'"
    assert ended.stderr.splitlines()[-1] == f"ModuleNotFoundError: modulex_mem0.hosts.{host} {advice}"


def test_a_defect_of_ours_is_not_taken_for_a_missing_library() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"'modulex_mem0\.nothing'"), imports_extra("mcp"):
        importlib.import_module("modulex_mem0.nothing")
