"""The built wheel, alone in an empty environment with its core dependencies, is a working connector."""

import json
import re
import subprocess
import sys
import textwrap
import venv
import zipfile
from collections.abc import Callable
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply

ROOT = Path(__file__).parent.parent.parent


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(target: str, folder: Path, *, cwd: Path = ROOT) -> Path:
    """Build the sdist or the wheel of a source folder."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=cwd)
    (built,) = (path for path in folder.iterdir() if path.is_file())
    return built


@pytest.fixture(scope="session")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Run code with the environment's Python, away from the checkout, and take the JSON that it prints."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=True)
    interpreter = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    _run(interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=home)

    def run(code: str, *arguments: str) -> Any:
        return json.loads(_run(interpreter, "-I", "-W", "error", "-c", textwrap.dedent(code), *arguments, cwd=home))

    return run


def test_the_core_needs_few_libraries(metadata: Message) -> None:
    required = metadata.get_all("Requires-Dist", [])
    core = {re.split(r"[^\w.-]", line)[0] for line in required if "extra ==" not in line}
    expected = {"httpx", "idna", "jsonschema", "pluggy", "pydantic", "referencing", "tenacity", "typing-extensions"}
    assert core == expected


def test_every_link_of_the_description_is_absolute(metadata: Message) -> None:
    description = metadata.get_payload()
    assert isinstance(description, str)
    targets = re.findall(r"\]\(([^)]+)\)", description)
    assert len(targets) > 20
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []
    urls = dict(line.split(", ") for line in metadata.get_all("Project-URL", []))
    ours = [target for target in targets if "modulex-mem0/modulex-mem0" in target]
    tag = f"v{metadata['Version']}"
    raw = urls["Repository"].replace("//github.com", "//raw.githubusercontent.com")
    assert [
        target for target in ours if not target.startswith((f"{urls['Repository']}/blob/{tag}/", f"{raw}/{tag}/"))
    ] == []
    # Each leads to a file of this version.
    named = [target.partition(f"/{tag}/")[2].partition("#")[0] for target in ours]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_metadata_say_where_the_project_lives(metadata: Message) -> None:
    urls = dict(line.split(", ") for line in metadata.get_all("Project-URL", []))
    assert set(urls) == {"Repository", "Documentation", "Changelog", "Issues", "Security"}
    assert all(url.startswith(urls["Repository"]) for url in urls.values())
    assert metadata["License-Expression"] == "MIT"
    # The newest version that the tool which uploads can read.
    assert metadata["Metadata-Version"] == "2.4"
    assert {"Typing :: Typed", "Framework :: Pydantic :: 2"} <= set(metadata.get_all("Classifier", []))


def test_the_wheel_holds_the_package_and_its_manifests_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        recorded = archive.read("modulex_mem0/manifests/mem0.json")
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"modulex_mem0"}
    assert "modulex_mem0/py.typed" in names
    assert recorded == (ROOT / "manifests" / "mem0.json").read_bytes()


def test_the_integration_is_discovered_and_its_manifest_served_from_the_wheel(python: Callable[..., Any]) -> None:
    report = python("""
        import importlib.util, json, sys
        from modulex_mem0.runtime import Runtime

        runtime = Runtime()
        manifest = runtime.integrations["mem0"].manifest
        print(json.dumps({
            "failures": [str(failure) for failure in runtime.integrations.failures],
            "manifest": manifest.model_dump(mode="json"),
            "actions_were_imported": "modulex_mem0.mem0.actions" in sys.modules,
            "inside": "site-packages" in sys.modules["modulex_mem0"].__file__,
            "extras": [name for name in ("click", "rich", "starlette", "uvicorn") if importlib.util.find_spec(name)],
        }))
    """)
    assert report["failures"] == []
    assert report["manifest"]["name"] == "mem0"
    assert {"add_memories", "search_memories", "get_memories"} <= {a["name"] for a in report["manifest"]["actions"]}
    # The record was read: nothing had to be imported for it.
    assert report["actions_were_imported"] is False
    assert report["inside"] is True
    assert report["extras"] == []


def test_the_installed_runtime_calls_a_service(python: Callable[..., Any], server: ScriptedServer) -> None:
    server.script(json_reply({"results": [{"id": "m1", "memory": "Likes tea", "user_id": "alice", "score": 0.9}]}))
    report = python(
        """
        import json, sys
        from modulex_mem0.runtime import Runtime

        with Runtime() as runtime:
            result = runtime.call_sync(
                "mem0", "search_memories", {"user_id": "alice", "query": "tea"},
                credential={"api_key": "m0-key", "base_url": sys.argv[1]},
            )
        print(json.dumps(result.output))
        """,
        server.url,
    )
    assert (report["success"], report["error"], report["ids"]) == (True, None, ["m1"])
    assert server.requests[0].headers["authorization"] == "Token m0-key"
