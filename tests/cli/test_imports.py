"""Listing is quick because it imports little."""

import subprocess
import sys

import pytest

HEAVY = {"aiohttp", "anyio", "httpcore", "httpx", "jsonschema", "numpy", "starlette", "tenacity", "uvicorn"}


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
def test_listing_imports_neither_http_nor_schemas_nor_servers(
    environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    modules = imported(environment, *arguments)
    assert "click" in modules
    assert not HEAVY & modules
    assert not any(name.startswith("modulex_mem0.sandbox") for name in modules)


def test_the_help_imports_no_integration_and_no_model(environment: dict[str, str]) -> None:
    modules = imported(environment, "--help")
    assert not {"pydantic", "pluggy", "asyncio", "modulex_mem0.mem0", "modulex_mem0.runtime"} & modules


def test_importing_the_package_imports_not_even_click(environment: dict[str, str]) -> None:
    program = "import sys, modulex_mem0.cli; sys.exit('click' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
