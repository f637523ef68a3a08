"""What a run was made on; no names and no paths."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

__all__ = ["machine"]

_PACKAGES: Final = (
    "modulex-mem0",
    "pydantic",
    "httpx",
    "httpcore",
    "aiohttp",
    "httpx-aiohttp",
    "mem0ai",
    "modulex-integrations",
)


def machine() -> dict[str, Any]:
    """Processor, Python and the packages' versions."""
    return {
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: found for name in _PACKAGES if (found := _version(name)) is not None},
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
