"""``python -m modulex_mem0.sandbox``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from modulex_mem0.sandbox.settings import DEFAULT_KEY, SandboxSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; returns 0, or 1 with a line on standard error if the server cannot start."""
    options = _parser().parse_args(arguments)
    try:
        settings = SandboxSettings(
            port=options.port,
            data=options.data,
            keys=tuple(options.key or [DEFAULT_KEY]),
            delay=options.delay,
            search_mode=options.search_mode,
            faults=options.faults,
            allow_fault_control=options.fault_control,
        )
        failures = importlib.import_module("modulex_mem0.sandbox.failures")
        serving = importlib.import_module("modulex_mem0.sandbox.serving")
    except ImportError as error:
        sys.stderr.write(f"error: {error}. The sandbox needs its extra: pip install 'modulex-mem0[sandbox]'\n")
        return 1
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    try:
        serving.serve(settings)
    except failures.START_FAILURES as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m modulex_mem0.sandbox",
        description="A local server that speaks Mem0's REST API. Extraction is rule-based; there is no language model.",
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--data", type=Path, metavar="FILE", help="SQLite file to keep the data in (default: memory)")
    parser.add_argument(
        "--key",
        action="append",
        metavar="KEY[=PROJECT]",
        help=f"accepted API key; safe_to_retry; keys with the same project share it (default: {DEFAULT_KEY})",
    )
    parser.add_argument("--delay", type=float, default=0.5, metavar="SECONDS", help="how long an add stays unfinished")
    mode = parser.add_mutually_exclusive_group()
    for name, meaning in (("semantic", "search by meaning"), ("lexical", "search by words")):
        mode.add_argument(
            f"--{name}", dest="search_mode", action="store_const", const=name, default="auto", help=meaning
        )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="JSON file of faults to act out")
    parser.add_argument("--fault-control", action="store_true", help="open PUT/GET/DELETE /_sandbox/faults, keyless")
    return parser


if __name__ == "__main__":
    sys.exit(main())
