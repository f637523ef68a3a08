"""Who uses Mem0 alone does not pay for two hundred others. Each test is a fresh interpreter."""

import subprocess
import sys

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")


def _run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


_FOREIGN = """
import sys
def foreign():
    return sorted(n for n in sys.modules if n.split(".")[0] in ("modulex_integrations", "langchain_core", "langsmith"))
"""


def test_listing_and_calling_mem0_imports_no_other_integration() -> None:
    _run(
        f"""{_FOREIGN}
from modulex_mem0.runtime import Runtime
with Runtime() as runtime:
    assert len(runtime.integrations) > 100
    assert list(runtime.integrations) and runtime.integrations.deferred
    assert "modulex_tools_github" in runtime.integrations
    assert runtime.integrations["mem0"].manifest.actions
    credential = {{"api_key": "key", "base_url": "http://127.0.0.1:9"}}
    result = runtime.call_sync("mem0", "get_memories", {{"user_id": "alice"}}, credential=credential)
    assert result.error.code == "connection_failed", result
    assert foreign() == [], foreign()
"""
    )


def test_asking_for_one_imports_that_one_alone() -> None:
    _run(
        f"""{_FOREIGN}
from modulex_mem0.runtime import Runtime
with Runtime() as runtime:
    assert runtime.integrations["modulex_tools_airweave"].manifest.actions
    packages = {{".".join(n.split(".")[:3]) for n in foreign() if n.startswith("modulex_integrations.tools.")}}
    assert packages == {{"modulex_integrations.tools.airweave"}}, packages
    assert "modulex_tools_airweave" not in runtime.integrations.deferred
"""
    )
