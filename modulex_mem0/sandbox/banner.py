"""What a user reads when the sandbox starts."""

from __future__ import annotations

from modulex_mem0.sandbox.embedder import choose_mode
from modulex_mem0.sandbox.settings import SandboxSettings


def banner(settings: SandboxSettings, base_url: str) -> str:
    """Say where the sandbox is and what it is not, in lines that can be pasted into a shell."""
    first, *others = (key.partition("=")[0] for key in settings.keys)
    kept = "in memory, until it stops" if settings.data is None else f"in {settings.data}"
    lines = [
        "Mem0 sandbox",
        f"  export MEM0_BASE_URL={base_url} MEM0_API_KEY={first}",
        *(f"  export MEM0_BASE_URL={base_url} MEM0_API_KEY={key}" for key in others),
        f"  search   {choose_mode(settings.search_mode)}",
        f"  data     {kept}",
        f"  delay    an asynchronous add is done after {settings.delay:g} s",
    ]
    if settings.faults is not None:
        lines.append(f"  faults   {settings.faults}")
    if settings.allow_fault_control:
        lines.append(f"  control  {base_url}/_sandbox/faults (open, no key)")
    return "\n".join([*lines, "Extraction here is rule-based; there is no language model.", "Ctrl+C stops it.", ""])
