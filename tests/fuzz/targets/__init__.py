"""What the fuzzer looks at: a module for each target, with a `check` that takes any case and raises if it fails."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

__all__ = ["NAMES", "load"]

NAMES = ("replies", "inputs", "filters", "templates", "redaction")


def load(target: str) -> Callable[[Any], None]:
    """The check of a target. Its imports are made now: libFuzzer measures only what it has seen being imported."""
    return cast("Callable[[Any], None]", import_module(f"{__name__}.{target}").check)
