"""Distributions with entry points, laid out in a folder as an installer would leave them."""

from pathlib import Path
from uuid import uuid4

GOOD = """
from tests.helpers.tiny_integration import ACTIONS, profile
from modulex_mem0.contract import Integration, hookimpl

@hookimpl
def modulex_integrations():
    return [Integration(profile({name!r}), actions=ACTIONS)]
"""


def install(site: Path, distribution: str, code: str, *, point: str = "it", metadata: bool = True) -> None:
    """Write a module and the metadata that registers it as a plugin."""
    # Imported modules outlive a test, so each has a name of its own.
    module = f"module_{uuid4().hex}"
    (site / f"{module}.py").write_text(code)
    info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(f"[modulex]\n{point} = {module}\n")
    if metadata:
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
